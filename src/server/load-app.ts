import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "../foundation/errors.ts";
import type { NodeApp, NodeAppContext } from "./node-app.ts";

/**
 * Imports an application's module and builds its handler.
 *
 * @param path file name, absolute or relative to `directory`
 * @throws ConfigError `GCX_CONFIG_INVALID` with field `app`: no such file, it throws while it loads or starts, it has no
 * default function, or that function returns no handler. The cause has the module's own error.
 */
export async function loadApp(path: string, directory: string, context: NodeAppContext): Promise<NodeApp> {
  const file = resolve(directory, path);
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw appError(`There is no file "${path}". Name the module of the app, for example --app ./app.mjs.`);
  const factory = defaultExportOf(await importModule(path, file));
  if (typeof factory !== "function") {
    throw appError(
      `"${path}" has no function as its default export. Write: export default ({ cache, signal }) => (request, response) => { … }`,
    );
  }
  let app: unknown;
  try {
    app = await factory(context);
  } catch (error) {
    throw appError(`"${path}" threw when its default export was called: ${messageOf(error)}`, error);
  }
  if (typeof app !== "function") {
    throw appError(
      `The default export of "${path}" must return a handler (request, response) => …; it returned ${app === null ? "null" : typeof app}.`,
    );
  }
  return app as NodeApp;
}

async function importModule(path: string, file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw appError(`"${path}" cannot be loaded: ${messageOf(error)}`, error);
  }
}

/** A CommonJS module compiled from ESM has its default export one level deeper. */
function defaultExportOf(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  if (typeof exported === "object" && exported !== null && "default" in exported) return exported.default;
  return exported;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function appError(message: string, cause?: unknown): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", "app", message, cause === undefined ? undefined : { cause });
}
