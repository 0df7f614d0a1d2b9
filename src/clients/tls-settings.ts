import { readFile } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";

/** How a connection is encrypted. Files are read when it is opened, so that renewed certificates are taken without a restart. */
export interface TlsSettings {
  /** Whether the server's certificate is checked. */
  readonly isVerified: boolean;
  /** PEM file of the authorities that the server's certificate is checked against; `undefined`: the platform's. */
  readonly caFile: string | undefined;
  /** PEM file of the client's certificate. */
  readonly certFile: string | undefined;
  /** PEM file of the client's private key. */
  readonly keyFile: string | undefined;
  /** Name that the server's certificate must carry; `undefined`: the host that is connected to. */
  readonly serverName: string | undefined;
}

/** What `tls.connect` takes of the settings. */
export interface TlsMaterial extends Pick<SecureContextOptions, "ca" | "cert" | "key"> {
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
}

/**
 * Reads the files of the settings.
 *
 * @throws Error of the file system, when one cannot be read
 */
export async function readTlsMaterial(settings: TlsSettings): Promise<TlsMaterial> {
  const { caFile, certFile, keyFile, serverName, isVerified } = settings;
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map((file) => file && readFile(file)));
  return {
    rejectUnauthorized: isVerified,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
