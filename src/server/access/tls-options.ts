import { readFile } from "node:fs/promises";
import type { TlsOptions } from "node:tls";
import { InvalidArgumentError, NodeError } from "../../foundation/errors.ts";
import { isRole, ROLES, type Role } from "../role.ts";

/** How a node encrypts its connections, and whether it knows callers by certificates. Files are PEM and read once, when the node starts. */
export interface NodeTlsOptions {
  /** Certificate of the node, with those between it and the authority. */
  readonly certFile: string;
  /** Private key of the certificate. */
  readonly keyFile: string;
  /** Authorities that client certificates are checked against. Needed by `requireClientCert`. Default: none. */
  readonly caFile?: string | undefined;
  /** Whether a connection without a certificate signed by `caFile` is refused. Default: false. */
  readonly requireClientCert?: boolean | undefined;
  /** Role of everybody with such a certificate, where there are no tokens; with tokens, they decide. Needs `requireClientCert`. Default: `"admin"`. */
  readonly clientRole?: Role | undefined;
}

/**
 * Checks what can be checked without reading files.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`
 */
export function resolveTlsOptions(options: NodeTlsOptions | undefined): NodeTlsOptions | undefined {
  if (options === undefined) return undefined;
  const { certFile, keyFile, caFile, requireClientCert = false, clientRole } = options;
  for (const [name, file] of Object.entries({ certFile, keyFile })) {
    if (typeof file !== "string" || file === "") throw refuse(`tls.${name}`, `tls.${name} must name a PEM file.`);
  }
  if (requireClientCert && caFile === undefined)
    throw refuse("tls.caFile", "tls.requireClientCert needs tls.caFile, the authority that signs clients.");
  if (caFile !== undefined && !requireClientCert)
    throw refuse("tls.caFile", "tls.caFile does nothing without tls.requireClientCert: true.");
  if (clientRole !== undefined && !requireClientCert)
    throw refuse("tls.clientRole", "tls.clientRole does nothing without tls.requireClientCert: true.");
  if (clientRole !== undefined && !isRole(clientRole))
    throw refuse("tls.clientRole", `tls.clientRole must be one of ${ROLES.join(", ")}.`);
  return options;
}

/**
 * Reads the files of a node's TLS.
 *
 * @throws NodeError `GCX_NODE_LISTEN` naming the file and what is wrong, never its contents
 */
export async function readTlsFiles(options: NodeTlsOptions): Promise<TlsOptions> {
  const { certFile, keyFile, caFile, requireClientCert = false } = options;
  const [cert, key, ca] = await Promise.all([
    readPem("tls.certFile", certFile),
    readPem("tls.keyFile", keyFile),
    caFile === undefined ? undefined : readPem("tls.caFile", caFile),
  ]);
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    requestCert: requireClientCert,
    rejectUnauthorized: requireClientCert,
    minVersion: "TLSv1.2",
  };
}

async function readPem(name: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code);
    const meanings: Readonly<Record<string, string>> = {
      ENOENT: "does not exist",
      EACCES: "cannot be read: permission denied",
      EISDIR: "is a directory",
    };
    const meaning = meanings[code] ?? `cannot be read (${code})`;
    throw new NodeError("GCX_NODE_LISTEN", `The file of ${name}, ${JSON.stringify(file)}, ${meaning}.`, { cause });
  }
}

function refuse(name: string, message: string): InvalidArgumentError {
  return new InvalidArgumentError("GCX_ARGUMENT_OPTION", name, message);
}
