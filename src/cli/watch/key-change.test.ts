import { describe, expect, it } from "vitest";
import type { EntryGlance } from "../../server/entry-glance.ts";
import { findKeyChange, type KnownKey } from "./key-change.ts";

const entryOf = (version: number, ttl: number): EntryGlance => ({
  kind: "entry",
  entry: { value: version, exact: true, version, ttl },
});
const knownOf = (version: number, ttl: number, nowMs: number): KnownKey => {
  const change = findKeyChange(undefined, entryOf(version, ttl), nowMs, 0);
  return change?.known as KnownKey;
};

describe("findKeyChange", () => {
  it("tells how a key was at the first look", () => {
    expect(findKeyChange(undefined, { kind: "absent" }, 0, 0)?.kind).toBe("absent");
    expect(findKeyChange(undefined, entryOf(1, 50), 10, 0)).toMatchObject({
      kind: "present",
      known: { expiresAt: 60 },
    });
  });

  it("tells of a key that comes, is written again, and goes", () => {
    expect(findKeyChange({ kind: "absent" }, entryOf(1, 50), 0, 0)?.kind).toBe("appeared");
    expect(findKeyChange(knownOf(1, 50, 0), entryOf(2, 50), 0, 0)?.kind).toBe("changed");
    expect(findKeyChange(knownOf(1, 50, 0), { kind: "absent" }, 0, 0)?.kind).toBe("gone");
  });

  it("says nothing while nothing changes, a TTL that runs down included", () => {
    expect(findKeyChange({ kind: "absent" }, { kind: "absent" }, 0, 0)).toBeUndefined();
    expect(findKeyChange(knownOf(1, 60_000, 0), { kind: "same", ttl: 50_000 }, 10_000, 3)).toBeUndefined();
    const forever = knownOf(1, Number.POSITIVE_INFINITY, 0);
    expect(findKeyChange(forever, { kind: "same", ttl: Number.POSITIVE_INFINITY }, 10_000, 3)).toBeUndefined();
  });

  it("does not take a slow answer for another TTL", () => {
    expect(findKeyChange(knownOf(1, 60_000, 0), { kind: "same", ttl: 50_000 }, 13_000, 3_000)).toBeUndefined();
  });

  it("tells of another TTL for the same value, to and from never included", () => {
    const known = knownOf(1, 60_000, 0);
    expect(findKeyChange(known, { kind: "same", ttl: 90_000 }, 10_000, 3)).toMatchObject({
      kind: "ttl",
      known: { expiresAt: 100_000, entry: { ttl: 90_000, value: 1 } },
    });
    expect(findKeyChange(known, { kind: "same", ttl: Number.POSITIVE_INFINITY }, 10_000, 3)?.kind).toBe("ttl");
    const forever = knownOf(1, Number.POSITIVE_INFINITY, 0);
    expect(findKeyChange(forever, { kind: "same", ttl: 5_000 }, 10_000, 3)?.kind).toBe("ttl");
  });
});
