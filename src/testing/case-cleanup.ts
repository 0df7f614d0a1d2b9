import type { Backend } from "../backend/backend.ts";
import type { ConformanceTarget } from "./backend-conformance.ts";

/** Closes each client of a case once, then frees what the author made. */
export class CaseCleanup {
  readonly #target: ConformanceTarget;
  readonly #others: Backend[] = [];
  #firstClosing: Promise<void> | undefined;
  #hasRun = false;

  constructor(target: ConformanceTarget) {
    this.#target = target;
  }

  /** Takes charge of another client; one that comes too late is closed at once. */
  async add(backend: Backend): Promise<void> {
    if (this.#hasRun) await backend.close();
    else this.#others.push(backend);
  }

  /** Closes the store itself, once however often it is called. */
  closeFirst(): Promise<void> {
    this.#firstClosing ??= (async () => this.#target.backend.close())();
    return this.#firstClosing;
  }

  /** Closes what is open and disposes of the rest. */
  async run(): Promise<void> {
    this.#hasRun = true;
    try {
      await Promise.all([this.closeFirst(), ...this.#others.map(async (backend) => backend.close())]);
    } finally {
      await this.#target.dispose?.();
    }
  }
}
