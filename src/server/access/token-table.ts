import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role } from "../role.ts";
import type { AccessToken } from "./access-options.ts";

/** Finds the role of a presented token without its time telling anything about the tokens that there are. */
export type TokenTable = (presented: string) => Role | undefined;

/**
 * Keeps digests instead of tokens. A presented token is hashed under a key of this process, then compared with every digest, each in
 * constant time and without leaving early: neither how much of it is right nor which token it comes near can be measured.
 * O(number of tokens) per request.
 */
export function createTokenTable(tokens: readonly AccessToken[]): TokenTable {
  const key = randomBytes(32);
  const digestOf = (token: string): Buffer => createHmac("sha256", key).update(token).digest();
  const table = tokens.map(({ token, role }) => ({ digest: digestOf(token), role }));
  return (presented) => {
    const digest = digestOf(presented);
    let found: Role | undefined;
    for (const entry of table) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.role;
    }
    return found;
  };
}
