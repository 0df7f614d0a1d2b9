import { createDecipheriv, createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../../foundation/clock.ts";
import { type Scheduler, systemScheduler } from "../../foundation/scheduler.ts";
import { CodecFault } from "../codec-fault.ts";
import { BLOCKING_SEAL_MAX_BYTES, createKeyRing } from "./key-ring.ts";
import { SEAL_OVERHEAD_BYTES } from "./sealed-layout.ts";
import { SLICE_BYTES } from "./sliced-cipher.ts";

const HEADER = Uint8Array.of(1, 2, 3);
const key = createHash("sha256").update("slices").digest();
const ring = createKeyRing([key], systemClock);
const large = createHash("shake128", { outputLength: SLICE_BYTES * 3 + 17 }).digest();

function targetFor(content: Uint8Array): Buffer {
  const target = Buffer.alloc(HEADER.length + SEAL_OVERHEAD_BYTES + content.length);
  target.set(HEADER);
  return target;
}

/** A scheduler that counts how often it was asked, and runs at once. */
function countingScheduler(): Scheduler & { count: number } {
  return {
    count: 0,
    soon(task) {
      this.count += 1;
      queueMicrotask(task);
    },
    after: systemScheduler.after,
  };
}

describe("sealing and opening in slices", () => {
  it("gives what is opened at once, and opens what was sealed at once", async () => {
    for (const size of [0, 1, SLICE_BYTES - 1, SLICE_BYTES, SLICE_BYTES + 1, SLICE_BYTES * 2, large.length]) {
      const content = large.subarray(0, size);
      const [inSlices, atOnce] = [targetFor(content), targetFor(content)];
      await ring.sealInSlices(inSlices, HEADER.length, content, "k", systemScheduler);
      ring.seal(atOnce, HEADER.length, content, "k");
      expect(inSlices.subarray(0, 7)).toEqual(atOnce.subarray(0, 7));
      expect(ring.open(inSlices, HEADER.length, "k").equals(content), `${size} bytes`).toBe(true);
      const opened = await ring.openInSlices(atOnce, HEADER.length, "k", systemScheduler);
      expect(opened.equals(content), `${size} bytes`).toBe(true);
    }
  });

  it("lets other work run after each slice but the last", async () => {
    for (const [size, count] of [
      [1, 0],
      [SLICE_BYTES, 0],
      [SLICE_BYTES + 1, 1],
      [large.length, 3],
    ] as const) {
      const target = targetFor(large.subarray(0, size));
      const [sealing, opening] = [countingScheduler(), countingScheduler()];
      await ring.sealInSlices(target, HEADER.length, large.subarray(0, size), "k", sealing);
      await ring.openInSlices(target, HEADER.length, "k", opening);
      expect([sealing.count, opening.count]).toEqual([count, count]);
    }
  });

  it("may overlap, with each other and with values that are sealed at once", async () => {
    const contents = Array.from({ length: 6 }, (_, index) => large.subarray(index));
    const targets = contents.map(targetFor);
    const running = contents.map((content, index) =>
      ring.sealInSlices(targets[index] as Buffer, HEADER.length, content, `k${index}`, systemScheduler),
    );
    const small = targetFor(HEADER);
    ring.seal(small, HEADER.length, HEADER, "small");
    await Promise.all(running);
    const opened = await Promise.all(
      targets.map((target, index) => ring.openInSlices(target, HEADER.length, `k${index}`, systemScheduler)),
    );
    for (const [index, content] of contents.entries()) expect(opened[index]?.equals(content)).toBe(true);
    expect([...ring.open(small, HEADER.length, "small")]).toEqual([...HEADER]);
  });

  it("has the same faults: changed, cut off, another stored key, another ring", async () => {
    const target = targetFor(large);
    ring.seal(target, HEADER.length, large, "k");
    const reasonOf = async (sealed: Uint8Array, storedKey = "k", by = ring): Promise<string> => {
      const fault: unknown = await by.openInSlices(sealed, HEADER.length, storedKey, systemScheduler).catch((e) => e);
      if (!(fault instanceof CodecFault)) throw new Error("it opened, or threw something else", { cause: fault });
      return fault.reason;
    };
    for (const at of [0, 10, 40, SLICE_BYTES, SLICE_BYTES * 2 + 5, target.length - 20, target.length - 1]) {
      const changed = Buffer.from(target);
      changed[at] = (changed[at] as number) ^ 1;
      expect(await reasonOf(changed), `at ${at}`).toBe("not-authentic");
    }
    for (const size of [0, 5, 46, SLICE_BYTES, target.length - 1]) {
      expect(await reasonOf(target.subarray(0, size))).toBe("not-authentic");
    }
    expect(await reasonOf(target, "other")).toBe("not-authentic");
    const stranger = createKeyRing([createHash("sha256").update("stranger").digest()], systemClock);
    expect(await reasonOf(target, "k", stranger)).toBe("unknown-key");
  });

  it("wipes content that turns out not to be authentic", async () => {
    const target = targetFor(large);
    ring.seal(target, HEADER.length, large, "k");
    target[target.length - 1] = (target[target.length - 1] as number) ^ 1;
    const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
    try {
      await expect(ring.openInSlices(target, HEADER.length, "k", systemScheduler)).rejects.toBeInstanceOf(CodecFault);
      const made = allocate.mock.results
        .map(({ value }) => value as Buffer)
        .filter(({ length }) => length === large.length);
      expect(made).toHaveLength(1);
      expect(made[0]?.every((byte) => byte === 0)).toBe(true);
    } finally {
      allocate.mockRestore();
    }
  });

  it("gives away nothing before the tag is verified: a decipher alone would", () => {
    const target = targetFor(large);
    ring.seal(target, HEADER.length, large, "k");
    // Why `final` has to come first: the platform hands out what it has not checked.
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.alloc(12));
    decipher.setAuthTag(Buffer.alloc(16));
    expect(decipher.update(target)).toHaveLength(target.length);
    expect(() => decipher.final()).toThrow();
  });
});

describe("the event loop", () => {
  it("is given values at once that take no more than a few slices", () => {
    expect(BLOCKING_SEAL_MAX_BYTES / SLICE_BYTES).toBeLessThanOrEqual(2);
  });
});
