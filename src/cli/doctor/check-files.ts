import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { TlsSettings } from "../../clients/tls-settings.ts";
import type { ResolvedConfig } from "../../config/resolve-config.ts";
import { SECRET_MASK } from "../mask-secrets.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** Read or written by others than the owner. */
const OTHERS_MASK = 0o077;
const SOON_MS = 30 * 86_400_000;

/**
 * The configuration's file: who may read the secrets in it.
 *
 * @param path where it is
 * @param masked the configuration of that file with its secrets masked
 */
export async function checkConfigFile(path: string, masked: object): Promise<Finding> {
  const hasSecrets = JSON.stringify(masked).includes(SECRET_MASK);
  const mode = await modeOf(path);
  if (!hasSecrets || mode === undefined || (mode & OTHERS_MASK) === 0)
    return ok(path, hasSecrets ? "it has secrets, and only its owner may read it" : "it has no secrets");
  return warn(
    path,
    `it has secrets, and others may read it (mode ${octal(mode)}). Run: chmod 600 ${JSON.stringify(path)}`,
  );
}

/** Certificates and keys that the configuration names: readable, secret, not expired. */
export async function checkTlsFiles(config: ResolvedConfig): Promise<readonly Finding[]> {
  const settings = new Map<string, TlsSettings>();
  const add = (name: string, tls: TlsSettings | undefined): void => {
    if (tls !== undefined) settings.set(name, tls);
  };
  for (const { backend, redis, memcached } of config.tiers) {
    if (backend === "redis") add("redis.tls", redis.settings.tls);
    if (backend === "memcached") add("memcached.tls", memcached.settings.tls);
  }
  add("grpc.tls", config.distributed?.settings.tls);
  const findings = await Promise.all([...settings].map(([name, tls]) => checkTls(name, tls)));
  return findings.flat();
}

async function checkTls(name: string, { isVerified, caFile, certFile, keyFile }: TlsSettings): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (!isVerified)
    findings.push(
      warn(name, "tlsSkipVerify takes any certificate, also that of somebody in between. Give caFile instead."),
    );
  for (const file of [caFile, certFile]) if (file !== undefined) findings.push(await checkCertificate(file));
  if (keyFile !== undefined) findings.push(await checkSecretFile(keyFile, "private key"));
  return findings;
}

/** A certificate: readable, and not expired. */
export async function checkCertificate(file: string): Promise<Finding> {
  try {
    const certificate = new X509Certificate(await readFile(file));
    const leftMs = Date.parse(certificate.validTo) - Date.now();
    const until = `valid until ${certificate.validTo}`;
    if (leftMs < 0) return fail(file, `the certificate expired: it was ${until}. Renew it.`);
    return leftMs < SOON_MS ? warn(file, `${until}. Renew it soon.`) : ok(file, until);
  } catch (error) {
    return unreadable(file, error);
  }
}

/** A private key or a token: readable for its owner alone. @param what it is, for example `"private key"` */
export async function checkSecretFile(file: string, what: string): Promise<Finding> {
  try {
    await readFile(file);
  } catch (error) {
    return unreadable(file, error);
  }
  const mode = await modeOf(file);
  if (mode === undefined || (mode & OTHERS_MASK) === 0) return ok(file, "only its owner may read it");
  return warn(file, `others may read this ${what} (mode ${octal(mode)}). Run: chmod 600 ${JSON.stringify(file)}`);
}

/** `undefined` where modes mean nothing. */
async function modeOf(file: string): Promise<number | undefined> {
  if (process.platform === "win32") return undefined;
  return stat(file).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
}

function unreadable(file: string, error: unknown): Finding {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "ENOENT" ? "there is no such file" : message;
  return fail(file, `cannot be read: ${why}. Correct the path or its permissions.`, "configuration");
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}
