import { HttpProblem } from "./problem.ts";

const STRONG_VERSION = /^"(\d{1,16})"$/;

/** The entity tag of a version: `"42"` with its quotes. */
export function toEntityTag(version: number): string {
  return `"${version}"`;
}

/** Whether an `If-None-Match` header names the version (or is `*`), by the weak comparison that the header asks for. */
export function isVersionListed(ifNoneMatch: string, version: number): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const tag = toEntityTag(version);
  return ifNoneMatch.split(",").some((listed) => listed.trim().replace(/^W\//, "") === tag);
}

/** What a write is conditional on. `version` 0: the key is absent. */
export type WritePrecondition = { readonly kind: "none" } | { readonly kind: "version"; readonly version: number };

/**
 * The condition of a write: `If-Match: "<version>"`, or `If-None-Match: *` for an absent key.
 *
 * @throws HttpProblem 400 for both at once and for any other form
 */
export function readPrecondition(ifMatch: string | undefined, ifNoneMatch: string | undefined): WritePrecondition {
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new HttpProblem(400, "Send If-Match or If-None-Match, not both.");
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== "*")
      throw new HttpProblem(400, "A write takes If-None-Match: * only, for an absent key.");
    return { kind: "version", version: 0 };
  }
  if (ifMatch === undefined) return { kind: "none" };
  const version = Number(STRONG_VERSION.exec(ifMatch.trim())?.[1]);
  if (!Number.isSafeInteger(version)) {
    throw new HttpProblem(
      400,
      'If-Match takes one version as the ETag of a read gives it, for example If-Match: "42".',
    );
  }
  return { kind: "version", version };
}
