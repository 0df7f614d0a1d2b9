import { loadDependency } from "../../foundation/optional-dependency.ts";
import type { Logger } from "./logger.ts";

/** What is used of pino's stream. */
export interface SonicBoom {
  write(line: string): boolean;
  end(): void;
  destroy(): void;
  on(event: "drop" | "error" | "close", listener: (what: unknown) => void): void;
}

/** What is used of pino. */
export interface PinoModule {
  (options: object, stream: { write(line: string): void }): Logger & { level: string };
  destination(options: object): SonicBoom;
  readonly stdTimeFunctions: { readonly isoTime: () => string };
}

/** Loads pino. @throws DependencyError saying what to install */
export async function loadPino(): Promise<PinoModule> {
  const loaded = await loadDependency({
    name: "pino",
    purpose: "A log without a logger of your own",
    range: "^10.4.0",
    load: () => import("pino") as unknown as Promise<{ default: PinoModule }>,
  });
  return loaded.default;
}
