import { copyFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CertificateFiles,
  type Certificates,
  makeCertificates,
} from "../../../scripts/servers/make-certificates.ts";

/** Certificates, and a file with the authority that a client trusts: a stranger at first. */
export interface TrustFile extends CertificateFiles {
  readonly trustedCaFile: string;
  trustStranger(): void;
  trustOwn(): void;
}

/** The same for all servers of the matrix: to make them takes half a second of the process that measures. */
let certificates: Certificates | undefined;
let fileCount = 0;

/** Makes a file of its own for a client, and the certificates when they are not there yet. */
export function makeTrustFile(): TrustFile {
  certificates ??= makeCertificates();
  fileCount += 1;
  const trustedCaFile = join(certificates.folder, `trusted-ca-${fileCount}.crt`);
  const trust = (file: string) => (): void => copyFileSync(file, trustedCaFile);
  const trustStranger = trust(certificates.strangerCaFile);
  trustStranger();
  return { ...certificates, trustedCaFile, trustStranger, trustOwn: trust(certificates.caFile) };
}

/** Removes the certificates and all files. */
export function removeTrustFiles(): void {
  certificates?.remove();
  certificates = undefined;
}
