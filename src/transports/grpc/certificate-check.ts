import type { PeerCertificate } from "node:tls";
import type { GrpcTls } from "./grpc-transport-settings.ts";

/** Why a certificate will not do; `undefined`: it will. */
export type CertificateCheck = (certificate: unknown) => Error | undefined;

/**
 * Makes the check of who dials in: that its certificate carries the name that peers must have. That an authority signed it was checked when the connection was made. Without
 * a name there is nothing to check: the host that a node comes from proves nothing.
 */
export async function createCertificateCheck(tls: GrpcTls | undefined): Promise<CertificateCheck> {
  const serverName = tls?.serverName;
  if (serverName === undefined) return () => undefined;
  const { checkServerIdentity } = await import("node:tls");
  return (certificate) => {
    if (certificate === undefined || certificate === null) return new Error("there is none");
    return checkServerIdentity(serverName, certificate as PeerCertificate);
  };
}
