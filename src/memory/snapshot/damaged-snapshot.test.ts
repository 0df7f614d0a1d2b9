import { beforeAll, describe, expect, it } from "vitest";
import { openSnapshotWorld } from "../../../test/compat/snapshots/snapshot-world.ts";
import { ByteWriter } from "./byte-writer.ts";
import { crc32 } from "./crc32.ts";
import { dumpSnapshot } from "./dump-snapshot.ts";
import { SectionWriter } from "./section-writer.ts";
import { SECTION_KINDS } from "./snapshot-layout.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** What a load of damaged bytes may be refused with. */
const CODES = ["GCX_SNAPSHOT_CORRUPT", "GCX_SNAPSHOT_UNSUPPORTED"];

let sound: Buffer;

beforeAll(async () => {
  const world = openSnapshotWorld();
  world.set("a", { text: "plain", list: [1, 2.5, null], when: new Date(0) }, { ttlMs: 60_000, tags: ["t"] });
  world.set("@shop:b", new Map([["語", Buffer.from("bytes")]]));
  world.set("c", 1);
  // A slice of the listing is a section: those before the damage are in the cache when it is met.
  const listKeys: SnapshotStore["listKeys"] = async function* () {
    for (const key of await world.keys()) yield [key];
  };
  const chunks: Uint8Array[] = [];
  const target = { write: (chunk: Uint8Array) => chunks.push(chunk) };
  const store = { ...world.store, listKeys };
  await dumpSnapshot(target, { store, namespace: "", clock: world.time.clock, scheduler: world.scheduler });
  // Header, three sections and the end.
  expect(chunks.length).toBe(5);
  sound = Buffer.concat(chunks);
});

/** Loads and tells how it was refused; fails when it was not, or left something. */
async function refusalOf(bytes: Uint8Array): Promise<{ code: string; offsetBytes: number; message: string }> {
  const world = openSnapshotWorld();
  world.set("mine", "stays");
  const error = await world.load(bytes).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(await world.keys()).toEqual(["mine"]);
  expect(error).toMatchObject({ name: "SnapshotError", offsetBytes: expect.any(Number) });
  return error as { code: string; offsetBytes: number; message: string };
}

describe("a damaged snapshot", () => {
  it("is refused whichever bit is flipped, and nothing of it stays", async () => {
    for (let bit = 0; bit < sound.length * 8; bit += 1) {
      const flipped = Buffer.from(sound);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(CODES, `bit ${bit}`).toContain((await refusalOf(flipped)).code);
    }
  });

  it("is refused whichever byte is inverted, zeroed or left out", async () => {
    for (let at = 0; at < sound.length; at += 1) {
      for (const value of [(sound[at] as number) ^ 0xff, 0]) {
        if (value === sound[at]) continue;
        const changed = Buffer.from(sound);
        changed[at] = value;
        expect(CODES, `byte ${at}`).toContain((await refusalOf(changed)).code);
      }
      const shortened = Buffer.concat([sound.subarray(0, at), sound.subarray(at + 1)]);
      expect(CODES, `without byte ${at}`).toContain((await refusalOf(shortened)).code);
    }
  });

  it("is refused wherever it is cut off", async () => {
    for (let length = 0; length < sound.length; length += 1) {
      expect((await refusalOf(sound.subarray(0, length))).code).toBe("GCX_SNAPSHOT_CORRUPT");
    }
  });

  it("is refused with bytes after its end", async () => {
    const { code, offsetBytes } = await refusalOf(Buffer.concat([sound, Buffer.from([0])]));
    expect([code, offsetBytes]).toEqual(["GCX_SNAPSHOT_CORRUPT", sound.length]);
  });

  it("is refused when a section is missing, comes twice or in another order", async () => {
    const header = sound.subarray(0, 24);
    const firstEnd = 24 + 9 + sound.readUInt32LE(25) + 4;
    const [first, rest] = [sound.subarray(24, firstEnd), sound.subarray(firstEnd)];
    for (const parts of [
      [header, rest],
      [header, first, first, rest],
    ]) {
      expect((await refusalOf(Buffer.concat(parts))).code).toBe("GCX_SNAPSHOT_CORRUPT");
    }
  });

  it("is refused when its end counts other entries than there are, though every sum is right", async () => {
    const sections = new SectionWriter();
    const writer = new ByteWriter();
    const header = sections.header(0);
    writer.varint(5);
    writer.varint(0);
    const { code } = await refusalOf(Buffer.concat([header, sections.section(SECTION_KINDS.end, writer)]));
    expect(code).toBe("GCX_SNAPSHOT_CORRUPT");
  });

  it("says where the damage is and what to do, and shows nothing of the contents", async () => {
    const flipped = Buffer.from(sound);
    flipped[40] = (flipped[40] as number) ^ 1;
    const { message, offsetBytes } = await refusalOf(flipped);
    expect(offsetBytes).toBe(33);
    expect(message).toMatch(/damaged at byte 33: .+ Nothing of it is in the cache\. Load another copy/);
    expect(message).not.toMatch(/plain|shop/);
  });
});

describe("bytes that are no snapshot of this version", () => {
  it.each([
    ["text", Buffer.from("hello, this is a text file of somebody else")],
    ["a short foreign file", Buffer.from("PK")],
    ["zeroes", Buffer.alloc(1_000)],
  ])("are named as such: %s", async (_, bytes) => {
    expect((await refusalOf(bytes)).code).toBe("GCX_SNAPSHOT_UNSUPPORTED");
  });

  it("are damaged when there are none", async () => {
    expect((await refusalOf(Buffer.alloc(0))).code).toBe("GCX_SNAPSHOT_CORRUPT");
  });

  it("tell their version when it is a newer one", async () => {
    const newer = Buffer.from(sound);
    newer.writeUInt16LE(2, 8);
    newer.writeUInt32LE(crc32(newer.subarray(0, 20)), 20);
    const { code, message } = await refusalOf(newer);
    expect(code).toBe("GCX_SNAPSHOT_UNSUPPORTED");
    expect(message).toContain("format version 2");
  });
});

describe("a length that lies", () => {
  it("takes no memory ahead of the bytes that come", async () => {
    const head = Buffer.alloc(9);
    head[0] = 1;
    head.writeUInt32LE(2 ** 30, 1);
    head.writeUInt32LE(crc32(head.subarray(0, 5), crc32(sound.subarray(0, 20))), 5);
    const before = process.memoryUsage().arrayBuffers;
    const { code } = await refusalOf(Buffer.concat([sound.subarray(0, 24), head, Buffer.alloc(100)]));
    expect(code).toBe("GCX_SNAPSHOT_CORRUPT");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });
});
