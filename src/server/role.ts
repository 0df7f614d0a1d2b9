/**
 * What a caller may do: `read` reads values and counters; `write` also changes single keys, batches, tags and locks; `admin` also ends
 * everything at once (a clear, a deletion by prefix).
 */
export type Role = "read" | "write" | "admin";

/** Every role, each of which may also do what those before it may. */
export const ROLES: readonly Role[] = ["read", "write", "admin"];

/** Who may use a route: `open` needs no token, for probes and for pages without data. */
export type RouteRole = Role | "open";

/** Whether a text names a role. */
export function isRole(text: unknown): text is Role {
  return ROLES.includes(text as Role);
}

/** Whether somebody with a role may do what another role is needed for. */
export function isRoleEnough(role: Role, needed: RouteRole): boolean {
  return needed === "open" || ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
