import { readTlsMaterial, type TlsMaterial } from "../../clients/tls-settings.ts";
import type { GrpcLibrary } from "./grpc-library.ts";
import type { GrpcTls } from "./grpc-transport-settings.ts";

/**
 * What who dials shows and checks. Files are read each time, so that renewed certificates are used without a restart.
 *
 * @throws Error when a file cannot be read, or is no certificate
 */
export async function clientCredentials(library: GrpcLibrary, tls: GrpcTls | undefined): Promise<object> {
  if (tls === undefined) return library.credentials.createInsecure();
  const { ca, key, cert } = await readPemFiles(tls);
  return library.credentials.createSsl(ca, key, cert);
}

/** What who listens shows and checks: who dials must have a certificate. See {@link CertificateRenewal} for what comes after. @throws as {@link clientCredentials} */
export function serverCredentials(library: GrpcLibrary, files: PemFiles | undefined): object {
  if (files === undefined) return library.ServerCredentials.createInsecure();
  const { ca, key, cert } = files;
  return library.ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
}

/** What is in the files of the settings. */
export interface PemFiles {
  /** `null`: the platform's authorities. */
  readonly ca: Buffer | null;
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Reads the files. @throws Error when one cannot be read */
export async function readPemFiles({ caFile, certFile, keyFile, serverName }: GrpcTls): Promise<PemFiles> {
  const material: TlsMaterial = await readTlsMaterial({ isVerified: true, caFile, certFile, keyFile, serverName });
  return {
    ca: (material.ca as Buffer | undefined) ?? null,
    key: material.key as Buffer,
    cert: material.cert as Buffer,
  };
}
