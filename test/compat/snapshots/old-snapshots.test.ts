import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { openSnapshotWorld } from "./snapshot-world.ts";
import { contentsOfVersion1, writeVersion1 } from "./version-1.ts";

/** Kept for ever: a file that was published once has to load in every later version. */
const FILE = fileURLToPath(new URL("version-1.bin", import.meta.url));

// Only ever makes what is not there.
if (process.env["WRITE_SNAPSHOT"] === "1" && !existsSync(FILE)) writeFileSync(FILE, await writeVersion1());

describe("version-1.bin", () => {
  const bytes = readFileSync(FILE);

  it("loads with every value, tag and time to live", async () => {
    const world = openSnapshotWorld();
    world.time.advance(500 + 1_000);
    const contents = contentsOfVersion1();
    expect(await world.load(bytes)).toEqual({ entryCount: contents.size, skippedCount: 0 });
    expect(await world.keys()).toEqual([...contents.keys()].sort());
    for (const [key, value] of contents) {
      expect(isDeepStrictEqual(world.backend.get(key)?.value, value), key).toBe(true);
    }
    expect(world.backend.get("@shop:tagged")?.tags).toEqual(["red", "blue"]);
    expect((world.backend.get("@shop/eu:ttl")?.expiresAt ?? 0) - world.time.clock.wallMs()).toBe(58_500);
  });

  it("has the layout that the design draws", () => {
    expect(bytes.subarray(0, 8).toString("hex")).toBe("894743580d0a1a0a");
    expect(bytes.readUInt16LE(8)).toBe(1);
    expect(new Date(bytes.readDoubleLE(12)).toISOString()).toBe("2026-01-01T00:00:00.500Z");
    expect(bytes[24]).toBe(1);
    const endAt = 24 + 9 + bytes.readUInt32LE(25) + 4;
    expect(bytes[endAt]).toBe(2);
    expect(bytes.length).toBe(endAt + 9 + bytes.readUInt32LE(endAt + 1) + 4);
  });

  // Not a promise to anybody; a change here is to be noticed, and then to be made on purpose.
  it("is what this version still writes", async () => {
    expect(Buffer.from(await writeVersion1()).equals(bytes)).toBe(true);
  });
});
