import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { type FaultProxy, startFaultProxy } from "./support/fault-proxy.ts";
import { OwnerProcess } from "./support/owner-process.ts";
import { bundleScript } from "./support/script-bundle.ts";

/** D of the processes, in ms, and with e. */
const BOUND_MS = 500;
const QUIET_MS = BOUND_MS * 1.01 + 10;

describe("three processes that keep the keys themselves", { timeout: 60_000 }, () => {
  let script: string;
  const processes: OwnerProcess[] = [];
  const proxies: FaultProxy[] = [];

  beforeAll(async () => {
    script = await bundleScript("test/integration/support/owner-worker.ts");
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.kill()));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });

  /** The third talks to the others over proxies, both ways. */
  async function start(): Promise<[OwnerProcess, OwnerProcess, OwnerProcess]> {
    const [a, b, c] = (await Promise.all([findFreePort(), findFreePort(), findFreePort()])) as [number, number, number];
    const through = async (port: number): Promise<string> => {
      const proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
      proxies.push(proxy);
      return `127.0.0.1:${proxy.port}`;
    };
    const [toA, toB, toC] = (await Promise.all([a, b, c].map(through))) as [string, string, string];
    processes.push(
      new OwnerProcess(script, a, BOUND_MS, [`127.0.0.1:${b}`, toC]),
      new OwnerProcess(script, b, BOUND_MS, [`127.0.0.1:${a}`, toC]),
      new OwnerProcess(script, c, BOUND_MS, [toA, toB]),
    );
    const [first, second, third] = processes as [OwnerProcess, OwnerProcess, OwnerProcess];
    await Promise.all(processes.map((process) => process.ask({ kind: "ready" })));
    await expectPeers(processes, 2);
    return [first, second, third];
  }

  async function expectPeers(those: readonly OwnerProcess[], count: number): Promise<void> {
    await expect
      .poll(() => Promise.all(those.map((each) => each.ask({ kind: "peers" }))), { timeout: 15_000 })
      .toEqual(those.map(() => count));
  }

  const keys = Array.from({ length: 30 }, (_, index) => `key:${index}`);
  const write = async (by: OwnerProcess, value: number): Promise<void> => {
    for (const key of keys) await by.ask({ kind: "set", key, value });
  };
  const read = (by: OwnerProcess): Promise<unknown[]> =>
    Promise.all(keys.map((key) => by.ask<unknown>({ kind: "get", key })));

  it("load a key once, whoever asks", async () => {
    const fleet = await start();
    // The quiet time after the last of them came is over then.
    await write(fleet[0], 1);
    for (let round = 0; round < 5; round += 1) {
      const key = `loaded:${round}`;
      const answers = await Promise.all(
        fleet.flatMap((each, index) =>
          [0, 1].map(() => each.ask<[number, number]>({ kind: "load", key, value: index, tookMs: 100 })),
        ),
      );
      expect(new Set(answers.map(([value]) => value)).size).toBe(1);
    }
    const counts = await Promise.all(
      fleet.map(
        async (each) => (await each.ask<[number, number]>({ kind: "load", key: "loaded:0", value: 9, tookMs: 0 }))[1],
      ),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(5);
  });

  it("go on without one that is killed, and keep what the others own", async () => {
    const [a, b, c] = await start();
    await write(a, 1);
    expect(await read(b)).toEqual(keys.map(() => 1));
    await c.kill();
    // Until they have noticed, copies of what it owned are served, and rightly so.
    await expectPeers([a, b], 1);
    const kept = (await read(b)).filter((value) => value === 1);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThan(keys.length);
    await write(b, 2);
    expect(await read(a)).toEqual(keys.map(() => 2));
  });

  it("see no change of the other side of a cut for longer than the bound, and one value each when it is healed", async () => {
    const [a, b, c] = await start();
    await write(a, 1);
    await read(c);
    // Nothing comes through, and nothing is closed: neither side is told.
    for (const proxy of proxies) proxy.set({ blackHolesRequests: true, blackHolesReplies: true });
    const cutAtMs = performance.now();
    await Promise.all(keys.map((key) => a.ask({ kind: "set", key, value: 2 }).catch(() => undefined)));
    await expectPeers([a, b], 1);
    await write(a, 3);
    expect(performance.now() - cutAtMs).toBeGreaterThan(QUIET_MS);
    expect(await read(b)).toEqual(keys.map(() => 3));
    // The other side has owners of its own: what it has of before is not what it proves.
    for (const value of await read(c)) expect([undefined, 1]).toContain(value);
    for (const proxy of proxies) {
      proxy.heal();
      proxy.resetAll();
    }
    await expectPeers([a, b, c], 2);
    await write(b, 4);
    for (const each of [a, b, c]) expect(await read(each)).toEqual(keys.map(() => 4));
  });
});
