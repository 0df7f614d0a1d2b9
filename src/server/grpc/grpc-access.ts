import type { ResolvedAccessOptions } from "../access/access-options.ts";
import { FailureLimiter } from "../access/failure-limiter.ts";
import { createTokenTable } from "../access/token-table.ts";
import { isRoleEnough, type Role, type RouteRole } from "../role.ts";
import { GrpcProblem } from "./grpc-problem.ts";
import type { GrpcServerCall } from "./grpc-server-library.ts";
import { GRPC_STATUS } from "./grpc-status.ts";

/**
 * Lets a call pass or refuses it.
 *
 * @throws GrpcProblem `UNAUTHENTICATED` without a valid token, `PERMISSION_DENIED` when its role is not enough, `RESOURCE_EXHAUSTED` after
 * too many wrong ones
 */
export type GrpcAuthorize = (call: Pick<GrpcServerCall, "metadata" | "getPeer">, needed: RouteRole) => void;

/** How callers prove who they are. */
export interface GrpcAccessProofs {
  /** Tokens; they decide where there are any. */
  readonly access: ResolvedAccessOptions | undefined;
  /** Role of everybody whose certificate was checked by the handshake, where there are no tokens; `undefined`: certificates are not asked for. */
  readonly clientRole: Role | undefined;
  /** Monotonic clock in ms. */
  readonly now: () => number;
}

const BEARER = "bearer ";

/** Makes the access control of the API. Without tokens and certificates everybody passes: such an API listens on loopback only. */
export function createGrpcAccess({ access, clientRole, now }: GrpcAccessProofs): GrpcAuthorize {
  if (access === undefined) {
    if (clientRole === undefined) return () => undefined;
    return (_call, needed) => assertRole(clientRole, needed);
  }
  const limiter = new FailureLimiter(now);
  const roleOf = createTokenTable(access.tokens);
  return (call, needed) => {
    if (needed === "open") return;
    const [header] = call.metadata.get("authorization");
    if (header === undefined) throw unauthenticated("This node needs a token: authorization: Bearer <token>.");
    const address = hostOf(call.getPeer());
    // Before the token is looked at: an answer to it would be another try.
    if (limiter.waitMs(address) > 0) {
      throw new GrpcProblem(
        GRPC_STATUS.resourceExhausted,
        "Too many wrong tokens came from this address. Try again later.",
      );
    }
    const role = roleOf(tokenOf(String(header)));
    if (role === undefined) {
      limiter.fail(address);
      throw unauthenticated("The token is not valid.");
    }
    assertRole(role, needed);
  };
}

/** The token of a header; what is no token matches none, and takes as long. */
function tokenOf(header: string): string {
  return header.slice(0, BEARER.length).toLowerCase() === BEARER ? header.slice(BEARER.length).trim() : "";
}

/** Address of `address:port`. */
function hostOf(peer: string): string {
  const end = peer.lastIndexOf(":");
  return (end < 0 ? peer : peer.slice(0, end)).replace(/^\[|\]$/g, "");
}

function unauthenticated(detail: string): GrpcProblem {
  return new GrpcProblem(GRPC_STATUS.unauthenticated, detail);
}

function assertRole(role: Role, needed: RouteRole): void {
  if (isRoleEnough(role, needed)) return;
  throw new GrpcProblem(GRPC_STATUS.permissionDenied, `This needs the role ${needed}; the caller has ${role}.`);
}
