import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { settledAfterMs } from "../../src/coherence/ack-waits.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";
import { OwnerProcess } from "./support/owner-process.ts";
import type { Look } from "./support/owner-worker.ts";
import { bundleScript } from "./support/script-bundle.ts";

/** D of the processes, in ms. */
const BOUND_MS = 600;
/** D + e, and what messages to and from the processes take on a busy machine, in ms. */
const STALE_MS = settledAfterMs(BOUND_MS) + 150;

/** Longer than a node looks for others where nobody accepts its connections, and shorter than a dial may take, in ms. */
const AWAITED_MS = 3_500;

/** So many writes, and reads that found something, are something to compare. */
const ENOUGH_COUNT = 100;

interface Written {
  readonly value: number;
  readonly version: number;
  /** When the caller was told that it is done. */
  readonly doneAtMs: number;
}

/** What was written to keys, and what may be read of them. */
class Record {
  readonly #written = new Map<string, Written[]>();
  readonly #unknown = new Set<string>();
  readonly #seen = new Map<string, number>();
  readonly violations: string[] = [];
  hitCount = 0;

  noteWritten(key: string, value: number, version: number): void {
    const all = this.#written.get(key) ?? [];
    this.#written.set(key, [...all, { value, version, doneAtMs: performance.now() }]);
  }

  /** Nobody knows whether, and when, it was or will be written. */
  noteUnknown(key: string, value: number): void {
    this.#unknown.add(`${key} ${value}`);
  }

  /** A read that began at `fromMs`: a miss is always right, a value must not have been replaced for longer than D + e, and no process goes back. */
  check(reader: string, key: string, look: Look | undefined, fromMs: number): void {
    const value = look?.value as number | undefined;
    if (value === undefined || this.#unknown.has(`${key} ${value}`)) return;
    const found = `${value} of ${key} (${look?.tier}, version ${look?.version})`;
    this.hitCount += 1;
    const newer = this.#written.get(key)?.find((other) => other.value > value && other.doneAtMs < fromMs - STALE_MS);
    if (newer !== undefined) {
      const forMs = Math.round(fromMs - newer.doneAtMs);
      const known = `${newer.value} (version ${newer.version})`;
      this.violations.push(`${reader} read ${found}, ${forMs} ms after ${known} was written`);
    }
    const place = `${reader} ${key}`;
    const seen = this.#seen.get(place) ?? 0;
    if (value < seen) this.violations.push(`${reader} read ${found} after ${seen}`);
    this.#seen.set(place, Math.max(seen, value));
  }
}

describe("processes that keep the keys themselves", { timeout: 150_000 }, () => {
  let script: string;
  const all: OwnerProcess[] = [];

  beforeAll(async () => {
    script = await bundleScript("test/integration/support/owner-worker.ts");
  });
  afterEach(async () => {
    for (const { child } of all) child.kill("SIGCONT");
    await Promise.all(all.splice(0).map((process) => process.kill()));
  });

  async function freePorts(count: number): Promise<number[]> {
    return Promise.all(Array.from({ length: count }, findFreePort));
  }

  function startProcess(port: number, ports: readonly number[]): OwnerProcess {
    const process = new OwnerProcess(
      script,
      port,
      BOUND_MS,
      ports.map((other) => `127.0.0.1:${other}`),
    );
    all.push(process);
    return process;
  }

  async function startAt(port: number, ports: readonly number[]): Promise<OwnerProcess> {
    const process = startProcess(port, ports);
    await process.ask({ kind: "ready" });
    return process;
  }

  async function linked(fleet: readonly OwnerProcess[]): Promise<void> {
    await expect
      .poll(() => Promise.all(fleet.map((each) => each.ask({ kind: "peers" }))), { timeout: 20_000 })
      .toEqual(fleet.map(() => fleet.length - 1));
  }

  const keys = Array.from({ length: 12 }, (_, index) => `key:${index}`);

  /** Writes, reads and locks by all, one after another in each of some workers, until stopped. */
  function putUnderLoad(fleet: readonly (OwnerProcess | undefined)[], seed: number): RunningLoad {
    const random = createSeededRandom(seed);
    const record = new Record();
    const held: [number, number][] = [];
    const counts = { written: 0, failed: 0 };
    let isOver = false;
    const names = new Map<OwnerProcess, string>();
    const pick = (): OwnerProcess | undefined => fleet[Math.floor(random.next() * fleet.length)];
    const nameOf = (process: OwnerProcess): string => {
      const name = names.get(process) ?? `process ${names.size}`;
      names.set(process, name);
      return name;
    };
    // One writer for each key, so that its order is known.
    const writer = async (key: string): Promise<void> => {
      for (let value = 1; !isOver; value += 1) {
        const by = pick();
        if (by === undefined) await delay(5);
        else {
          await by.ask<number>({ kind: "set", key, value }).then(
            (version) => {
              counts.written += 1;
              record.noteWritten(key, value, version);
            },
            () => {
              counts.failed += 1;
              record.noteUnknown(key, value);
            },
          );
        }
        await delay(20);
      }
    };
    const reader = async (key: string): Promise<void> => {
      while (!isOver) {
        const by = pick();
        const fromMs = performance.now();
        if (by !== undefined) {
          const found = await by.ask<Look | undefined>({ kind: "look", key }).catch(() => undefined);
          record.check(nameOf(by), key, found, fromMs);
        }
        await delay(10);
      }
    };
    const locker = async (): Promise<void> => {
      while (!isOver) {
        const by = pick();
        const time = await by
          ?.ask<[number, number] | undefined>({ kind: "lock", key: "lock", holdMs: 300 })
          .catch(() => undefined);
        if (time !== undefined) held.push(time);
        await delay(5);
      }
    };
    const running = Promise.all([...keys.map(writer), ...keys.map(reader), locker(), locker(), locker()]);
    return {
      isEnough: () => counts.written > ENOUGH_COUNT && record.hitCount > ENOUGH_COUNT && held.length > 1,
      async stop() {
        isOver = true;
        await running;
        return { record, held, ...counts };
      },
    };
  }

  interface RunningLoad {
    /** Whether there is something to compare. */
    isEnough(): boolean;
    stop(): Promise<Load>;
  }

  interface Load {
    readonly record: Record;
    readonly held: readonly [number, number][];
    readonly written: number;
    readonly failed: number;
  }

  function expectRight({ record, held }: Load): void {
    expect(record.violations).toEqual([]);
    const byStart = [...held].sort(([first], [second]) => first - second);
    for (const [index, [from]] of byStart.entries()) {
      const before = byStart[index - 1];
      // The holder before has lost it, or given it back, by then.
      if (before !== undefined) expect(from).toBeGreaterThanOrEqual(before[1] - 1);
    }
  }

  it.each([
    ["closed", 3, 2],
    ["killed", 3, 2],
    ["killed", 5, 1],
  ])(
    "that are %s and started again one by one, of %i and %i of them, show nothing older than the bound, and no lock is held twice",
    async (how, size, restartCount) => {
      const ports = await freePorts(size);
      const fleet: (OwnerProcess | undefined)[] = await Promise.all(ports.map((port) => startAt(port, ports)));
      await linked(fleet as OwnerProcess[]);
      const load = putUnderLoad(fleet, 7);
      for (const [index, port] of ports.slice(0, restartCount).entries()) {
        await delay(400);
        const old = fleet[index] as OwnerProcess;
        fleet[index] = undefined;
        if (how === "closed") await old.close();
        else await old.kill();
        fleet[index] = await startAt(port, ports);
        await linked(fleet as OwnerProcess[]);
      }
      await delay(400);
      // How long that takes depends on how busy the machine is.
      await expect.poll(() => load.isEnough(), { timeout: 30_000 }).toBe(true);
      const result = await load.stop();
      expectRight(result);
      // Who says that it goes costs no wait, so nothing fails for long.
      if (how === "closed") expect(result.failed).toBeLessThan(result.written / 5);
      for (const key of keys) await (fleet[0] as OwnerProcess).ask({ kind: "set", key, value: 1e6 });
      for (const key of keys) expect(await (fleet[1] as OwnerProcess).ask({ kind: "get", key })).toBe(1e6);
    },
  );

  it("of which one begins while the other stands still meet before it acts, and what the other has stays", async () => {
    const [first, second] = (await freePorts(2)) as [number, number];
    const old = await startAt(first, [second]);
    const names = Array.from({ length: 30 }, (_, index) => `kept:${index}`);
    for (const key of names) await old.ask({ kind: "set", key, value: 1 });
    old.child.kill("SIGSTOP");
    const young = startProcess(second, [first]);
    // Alone it would do that at once, and others would have to drop what they have.
    const early = young.ask({ kind: "set", key: "new", value: 1 }).catch(() => undefined);
    await young.ask({ kind: "peers" });
    await delay(AWAITED_MS);
    old.child.kill("SIGCONT");
    await linked([old, young]);
    await early;
    // The keys that have become the young one's begin empty.
    const kept = (await Promise.all(names.map((key) => old.ask({ kind: "get", key })))).filter((value) => value === 1);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThan(names.length);
  });

  it("of which one stands still for longer than its right lasts show nothing older when it goes on", async () => {
    const ports = await freePorts(2);
    const [a, c] = (await Promise.all(ports.map((port) => startAt(port, ports)))) as [OwnerProcess, OwnerProcess];
    await linked([a, c]);
    for (const key of keys) await a.ask({ kind: "set", key, value: 1 });
    for (const key of keys) expect(await c.ask({ kind: "get", key })).toBe(1);
    c.child.kill("SIGSTOP");
    await expect.poll(() => a.ask({ kind: "peers" }), { timeout: 15_000 }).toBe(0);
    for (const key of keys) await a.ask({ kind: "set", key, value: 2 });
    await delay(STALE_MS);
    // What it is asked now it answers as the first thing when it goes on: of its copies, or as the owner that it was.
    const early = keys.map((key) => c.ask({ kind: "get", key }).catch(() => undefined));
    c.child.kill("SIGCONT");
    for (const value of await Promise.all(early)) expect(value).not.toBe(1);
    await linked([a, c]);
    for (const key of keys) {
      const values = await Promise.all([a, c].map((each) => each.ask({ kind: "get", key })));
      expect(values).not.toContain(1);
    }
    for (const key of keys) await c.ask({ kind: "set", key, value: 3 });
    for (const key of keys) expect(await a.ask({ kind: "get", key })).toBe(3);
  });
});
