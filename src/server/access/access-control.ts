import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { HttpProblem } from "../problem.ts";
import { isRoleEnough, type Role, type RouteRole } from "../role.ts";
import type { ResolvedAccessOptions } from "./access-options.ts";
import { FailureLimiter } from "./failure-limiter.ts";
import { createTokenTable } from "./token-table.ts";

/** Decides who may do what. */
export interface AccessControl {
  /** Whether callers have to say who they are: by a token or a certificate. */
  readonly isRequired: boolean;
  /** Role that the mounted application needs. */
  readonly appRole: RouteRole;
  /**
   * Lets a request pass or refuses it.
   *
   * @throws HttpProblem 401 without a valid token, 403 when its role is not enough, 429 after too many wrong ones
   */
  readonly authorize: (request: IncomingMessage, needed: RouteRole) => void;
}

/** How callers prove who they are. */
export interface AccessProofs {
  /** Tokens; they decide where there are any. */
  readonly access: ResolvedAccessOptions | undefined;
  /** Role of everybody whose certificate was checked, where there are no tokens; `undefined`: certificates are not asked for. */
  readonly clientRole: Role | undefined;
  /** Monotonic clock in ms. */
  readonly now: () => number;
}

const BEARER = "bearer ";
const CHALLENGE = 'Bearer realm="gocachex"';

/** Makes the access control of a node. Without tokens and certificates everybody passes: such a node listens on loopback only. */
export function createAccessControl({ access, clientRole, now }: AccessProofs): AccessControl {
  if (access !== undefined) {
    const roleOf = createTokenReader(access, new FailureLimiter(now));
    return {
      isRequired: true,
      appRole: access.appRole,
      authorize: (request, needed) => {
        if (needed !== "open") assertRole(roleOf(request), needed, "token");
      },
    };
  }
  if (clientRole !== undefined) {
    return {
      isRequired: true,
      appRole: "read",
      authorize: ({ socket }, needed) => {
        if (needed === "open") return;
        // The handshake has refused everybody else already; should it ever not, nobody passes here.
        if (!(socket as TLSSocket).authorized) throw new HttpProblem(401, "Show a client certificate.");
        assertRole(clientRole, needed, "certificate");
      },
    };
  }
  return { isRequired: false, appRole: "open", authorize: () => undefined };
}

function createTokenReader(access: ResolvedAccessOptions, limiter: FailureLimiter): (request: IncomingMessage) => Role {
  const roleOf = createTokenTable(access.tokens);
  return (request) => {
    const header = request.headers.authorization;
    if (header === undefined) throw unauthorized("This node needs a token: Authorization: Bearer <token>.");
    const address = request.socket.remoteAddress;
    const waitMs = limiter.waitMs(address);
    // Before the token is looked at: an answer to it would be another try.
    if (waitMs > 0) {
      throw new HttpProblem(429, "Too many wrong tokens came from this address. Try again later.", {
        "Retry-After": String(Math.ceil(waitMs / 1_000)),
      });
    }
    const isBearer = header.slice(0, BEARER.length).toLowerCase() === BEARER;
    const role = isBearer ? roleOf(header.slice(BEARER.length).trim()) : undefined;
    if (role === undefined) {
      limiter.fail(address);
      throw unauthorized("The token is not valid.", ', error="invalid_token"');
    }
    return role;
  };
}

function unauthorized(detail: string, more = ""): HttpProblem {
  return new HttpProblem(401, detail, { "WWW-Authenticate": CHALLENGE + more });
}

function assertRole(role: Role, needed: RouteRole, proof: "token" | "certificate"): void {
  if (isRoleEnough(role, needed)) return;
  throw new HttpProblem(403, `This needs the role ${needed}; the ${proof} has ${role}.`);
}
