import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readConfigFile } from "../../config/config-file.ts";
import { isPlainObject, type PlainObject } from "../../config/plain-object.ts";
import { ConfigError } from "../../foundation/errors.ts";
import type { Role, RouteRole } from "../role.ts";
import type { AccessOptions, AccessToken } from "./access-options.ts";
import type { NodeTlsOptions } from "./tls-options.ts";

/** What an access file says: options of `startNode`. */
export interface AccessFile {
  readonly access: AccessOptions | undefined;
  readonly tls: NodeTlsOptions | undefined;
}

/** Where an access file is read. */
export interface Surroundings {
  /** Variables that `tokenEnv` may name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory that paths are relative to. */
  readonly directory: string;
}

const TLS_FIELDS = ["certFile", "keyFile", "caFile", "requireClientCert", "clientRole"];
const SECRET_FIELDS = ["token", "tokenFile", "tokenEnv"] as const;

/**
 * Reads who may use a node out of a file of its own, so that the configuration of the cache, which many processes share, holds no secret
 * of one node:
 *
 * ```json
 * {
 *   "tokens": [
 *     { "role": "read", "tokenFile": "/run/secrets/cache-read" },
 *     { "role": "admin", "tokenEnv": "CACHE_ADMIN_TOKEN" }
 *   ],
 *   "appRole": "open",
 *   "tls": { "certFile": "node.crt", "keyFile": "node.key" }
 * }
 * ```
 *
 * A token is in the file itself (`token`), in a file of its own (`tokenFile`, without the line break at its end) or in a variable of the
 * environment (`tokenEnv`). Roles and lengths are checked by {@link resolveAccessOptions}.
 *
 * @throws ConfigError `GCX_CONFIG_FILE` for the file itself, `GCX_CONFIG_INVALID` for what is in it; never with a token in its message
 */
export async function loadAccessFile(file: string, surroundings: Surroundings): Promise<AccessFile> {
  const document = await readConfigFile(resolve(surroundings.directory, file));
  assertFields(document, ["tokens", "appRole", "tls"], "");
  const { tokens, appRole, tls } = document;
  if (tokens === undefined && tls === undefined)
    throw refuse("tokens", `The access file ${JSON.stringify(file)} needs "tokens" or "tls".`);
  if (tokens !== undefined && !Array.isArray(tokens)) throw refuse("tokens", '"tokens" must be a list.');
  if (tokens === undefined && appRole !== undefined)
    throw refuse("appRole", '"appRole" does nothing without "tokens".');
  const read =
    tokens === undefined ? undefined : await Promise.all(tokens.map((entry, at) => readToken(entry, at, surroundings)));
  return {
    access: read && { tokens: read, ...(appRole === undefined ? {} : { appRole: appRole as RouteRole }) },
    tls: tls === undefined ? undefined : readTls(tls, surroundings),
  };
}

async function readToken(entry: unknown, at: number, surroundings: Surroundings): Promise<AccessToken> {
  const place = `tokens[${at}]`;
  if (!isPlainObject(entry))
    throw refuse(place, `"${place}" must be an object such as {"role": "read", "tokenFile": "…"}.`);
  assertFields(entry, ["role", ...SECRET_FIELDS], place);
  const given = SECRET_FIELDS.filter((name) => entry[name] !== undefined);
  const [source] = given;
  if (source === undefined || given.length > 1)
    throw refuse(place, `"${place}" needs exactly one of ${SECRET_FIELDS.join(", ")}.`);
  const text = entry[source];
  if (typeof text !== "string" || text === "") throw refuse(`${place}.${source}`, `"${place}.${source}" must be text.`);
  return { role: entry["role"] as Role, token: await readSecret(source, text, `${place}.${source}`, surroundings) };
}

async function readSecret(
  source: (typeof SECRET_FIELDS)[number],
  text: string,
  place: string,
  { env, directory }: Surroundings,
): Promise<string> {
  if (source === "token") return text;
  if (source === "tokenEnv") {
    const value = env[text];
    if (value === undefined || value === "")
      throw refuse(place, `The variable ${text}, named by "${place}", is not set.`);
    return value;
  }
  try {
    return (await readFile(resolve(directory, text), "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    throw refuse(place, `The file ${JSON.stringify(text)}, named by "${place}", cannot be read (${code}).`, cause);
  }
}

function readTls(tls: unknown, { directory }: Surroundings): NodeTlsOptions {
  if (!isPlainObject(tls)) throw refuse("tls", '"tls" must be an object such as {"certFile": "…", "keyFile": "…"}.');
  assertFields(tls, TLS_FIELDS, "tls");
  const files: Record<string, string> = {};
  for (const name of ["certFile", "keyFile", "caFile"]) {
    const value = tls[name];
    if (value === undefined) continue;
    if (typeof value !== "string" || value === "") throw refuse(`tls.${name}`, `"tls.${name}" must be text.`);
    files[name] = resolve(directory, value);
  }
  const { requireClientCert } = tls;
  if (requireClientCert !== undefined && typeof requireClientCert !== "boolean")
    throw refuse("tls.requireClientCert", '"tls.requireClientCert" must be true or false.');
  return { ...tls, ...files } as unknown as NodeTlsOptions;
}

function assertFields(section: PlainObject, known: readonly string[], place: string): void {
  const unknown = Object.keys(section).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const field = place === "" ? unknown : `${place}.${unknown}`;
  const message = `The access file has no field ${JSON.stringify(field)}. Known here: ${known.join(", ")}.`;
  throw new ConfigError("GCX_CONFIG_UNKNOWN_OPTION", field, message);
}

function refuse(field: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError("GCX_CONFIG_INVALID", field, message, cause === undefined ? undefined : { cause });
}
