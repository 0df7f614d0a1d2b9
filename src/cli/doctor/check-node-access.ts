import { isLoopbackName } from "../../server/host-check.ts";
import { parseNodeAddress } from "../../server/node-address.ts";
import type { Invocation } from "../command.ts";
import { credentialFilesOf, readNodeCredentials } from "../node-credentials.ts";
import { checkCertificate, checkSecretFile } from "./check-files.ts";
import { type Finding, warn } from "./finding.ts";

/**
 * What a node is shown, and checked by: files that are readable for their owner alone and not expired, and a token that nobody on the way
 * can read.
 *
 * @throws InvalidArgumentError for credentials that cannot be used
 */
export async function checkNodeAccess(
  { args, io }: Pick<Invocation, "args" | "io">,
  address: string,
): Promise<readonly Finding[]> {
  const written = parseNodeAddress(address);
  const { token, tls } = await readNodeCredentials(args, io, written);
  const { tokenFile, keyFile, certificateFiles } = credentialFilesOf(args, io);
  const findings: Finding[] = [];
  if (token !== undefined && tls === undefined && !isLoopbackName(written.host))
    findings.push(
      warn(`node ${address}`, "the token goes there unencrypted, for everybody between to read. Use https:// or --ca."),
    );
  if (tokenFile !== undefined) findings.push(await checkSecretFile(tokenFile, "token"));
  if (tls === undefined) return findings;
  for (const file of certificateFiles) findings.push(await checkCertificate(file));
  if (keyFile !== undefined) findings.push(await checkSecretFile(keyFile, "private key"));
  return findings;
}
