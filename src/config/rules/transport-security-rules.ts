import type { Problem } from "../problem.ts";
import { refuse } from "./rule.ts";

/** What the sections of remote stores and peers have in common about encryption. */
interface TransportSecurity {
  readonly tls?: boolean | undefined;
  readonly tlsSkipVerify?: boolean | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly serverName?: string | undefined;
}

const NEEDS_ENCRYPTION = ["caFile", "certFile", "keyFile", "serverName"] as const;

/**
 * Certificates without encryption protect nothing. `tls: false` said outright is a switch that keeps them for later;
 * not said, it is a mistake.
 */
export function checkTransportSecurity(
  path: string,
  section: TransportSecurity,
  isEncrypted: boolean,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (!isEncrypted && section.tls === undefined) {
    const idle: string[] = NEEDS_ENCRYPTION.filter((name) => section[name] !== undefined);
    if (section.tlsSkipVerify === true) idle.push("tlsSkipVerify");
    for (const name of idle) {
      problems.push(
        refuse(
          `${path}.${name}`,
          `${path}.${name} has no effect without ${path}.tls. Set ${path}.tls to true, or to false to keep it for later.`,
        ),
      );
    }
  }
  if ((section.certFile === undefined) !== (section.keyFile === undefined)) {
    const missing = section.certFile === undefined ? "certFile" : "keyFile";
    problems.push(
      refuse(`${path}.${missing}`, `${path}.certFile and ${path}.keyFile go together: ${missing} is missing.`),
    );
  }
  return problems;
}
