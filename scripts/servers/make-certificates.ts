import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QuestionTls } from "./ask-server.ts";
import { findExecutable } from "./find-executable.ts";

/** Paths of PEM files of an authority and what it signed, for `localhost`, `127.0.0.1` and `::1`. */
export interface CertificateFiles {
  readonly folder: string;
  readonly caFile: string;
  readonly serverCertFile: string;
  readonly serverKeyFile: string;
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
  /** An authority that signed none of them. */
  readonly strangerCaFile: string;
  /** A client's certificate that the stranger signed. */
  readonly strangerCertFile: string;
  readonly strangerKeyFile: string;
}

/** Those of {@link makeCertificates}. */
export interface Certificates extends CertificateFiles {
  /** Removes the folder. Calling it again does nothing. */
  remove(): void;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"] as const;
const VALID_DAYS = "2";
const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";

/**
 * Makes an authority, a server's and a client's certificate by `openssl`, in a temporary folder; some 50 ms.
 *
 * The keys are readable by everybody: servers that give up root's rights read them too. They protect nothing.
 *
 * @throws Error when there is no openssl
 */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-certificates-"));
  chmodSync(folder, 0o755);
  const file = (name: string): string => join(folder, name);
  try {
    writeFileSync(file("names.cnf"), NAMES);
    makeAuthority(folder, "ca");
    makeAuthority(folder, "stranger-ca");
    sign(folder, "ca", "server");
    sign(folder, "ca", "client");
    sign(folder, "stranger-ca", "stranger");
    for (const name of ["server", "client", "stranger"]) chmodSync(file(`${name}.key`), 0o644);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    folder,
    caFile: file("ca.crt"),
    serverCertFile: file("server.crt"),
    serverKeyFile: file("server.key"),
    clientCertFile: file("client.crt"),
    clientKeyFile: file("client.key"),
    strangerCaFile: file("stranger-ca.crt"),
    strangerCertFile: file("stranger.crt"),
    strangerKeyFile: file("stranger.key"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a client needs to be let in by a server with these certificates. */
export function clientTls(certificates: CertificateFiles): QuestionTls {
  const read = (file: string): string => readFileSync(file, "utf8");
  return {
    ca: read(certificates.caFile),
    cert: read(certificates.clientCertFile),
    key: read(certificates.clientKeyFile),
  };
}

function makeAuthority(folder: string, name: string): void {
  openssl(folder, [
    ...["req", "-x509", ...KEY, "-days", VALID_DAYS, "-subj", `/CN=gocachex-test-${name}`],
    ...["-addext", "basicConstraints=critical,CA:TRUE", "-keyout", `${name}.key`, "-out", `${name}.crt`],
  ]);
}

function sign(folder: string, authority: string, name: string): void {
  openssl(folder, ["req", ...KEY, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`]);
  openssl(folder, [
    ...["x509", "-req", "-in", `${name}.csr`, "-CA", `${authority}.crt`, "-CAkey", `${authority}.key`],
    ...["-CAcreateserial", "-days", VALID_DAYS, "-extfile", "names.cnf", "-out", `${name}.crt`],
  ]);
}

function openssl(folder: string, args: readonly string[]): void {
  const program = findExecutable("openssl");
  if (program === undefined) throw new Error("Tests of TLS make certificates with openssl. Install openssl.");
  execFileSync(program, args, { cwd: folder, stdio: "pipe" });
}
