import { InvalidArgumentError } from "../../foundation/errors.ts";
import { isRole, ROLES, type Role, type RouteRole } from "../role.ts";

/** Shortest token: what people can guess or try out is no protection. */
export const MIN_TOKEN_LENGTH = 16;
/** Longest token; it has to fit into a header many times over. */
const MAX_TOKEN_LENGTH = 1_024;
/** RFC 6750 §2.1: what `Authorization: Bearer` can carry. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** Most tokens: each is compared with each request's. */
const MAX_TOKEN_COUNT = 100;

/** One token and what its holder may do. */
export interface AccessToken {
  /** The secret: 16 to 1,024 letters, digits, `-._~+/`, with `=` at the end only. Sent as `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly role: Role;
}

/** Who may use a node. */
export interface AccessOptions {
  /** 1 to 100 different tokens. */
  readonly tokens: readonly AccessToken[];
  /** Role that requests to the mounted application need; `"open"` leaves its access to the application. Default: `"read"`. */
  readonly appRole?: RouteRole | undefined;
}

/** {@link AccessOptions} that were checked. */
export type ResolvedAccessOptions = {
  readonly tokens: readonly AccessToken[];
  readonly appRole: RouteRole;
};

/**
 * Checks who may use a node. `undefined` where nobody needs a token.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION`, never with a token in its message
 */
export function resolveAccessOptions(options: AccessOptions | undefined): ResolvedAccessOptions | undefined {
  if (options === undefined) return undefined;
  const { tokens, appRole = "read" } = options;
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > MAX_TOKEN_COUNT) {
    throw refuse("access.tokens", `access.tokens must list 1 to ${MAX_TOKEN_COUNT} tokens.`);
  }
  for (const [index, { token, role }] of (tokens as readonly AccessToken[]).entries()) {
    assertToken(token, `access.tokens[${index}].token`);
    if (!isRole(role)) throw refuse(`access.tokens[${index}].role`, `A role is one of ${ROLES.join(", ")}.`);
  }
  if (new Set(tokens.map(({ token }: AccessToken) => token)).size !== tokens.length)
    throw refuse("access.tokens", "access.tokens names the same token twice.");
  if (appRole !== "open" && !isRole(appRole))
    throw refuse("access.appRole", `access.appRole must be "open" or one of ${ROLES.join(", ")}.`);
  return { tokens: tokens as readonly AccessToken[], appRole };
}

/** Whether a text can be a token. */
export function isTokenText(text: string): boolean {
  return text.length >= MIN_TOKEN_LENGTH && text.length <= MAX_TOKEN_LENGTH && TOKEN.test(text);
}

function assertToken(token: unknown, name: string): void {
  if (typeof token === "string" && isTokenText(token)) return;
  throw refuse(
    name,
    `${name} must have ${MIN_TOKEN_LENGTH} to ${MAX_TOKEN_LENGTH} characters: letters, digits and -._~+/ with = at the end. Make one by: openssl rand -hex 32`,
  );
}

function refuse(name: string, message: string): InvalidArgumentError {
  return new InvalidArgumentError("GCX_ARGUMENT_OPTION", name, message);
}
