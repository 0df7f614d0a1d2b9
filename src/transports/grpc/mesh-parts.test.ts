import { describe, expect, it } from "vitest";
import { createSeededRandom } from "../../foundation/random-source.ts";
import { createFakeTime } from "../../testing/fake-clock.ts";
import { isSecondKept } from "./choose-link.ts";
import { Dialer, type DialOutcome } from "./dialer.ts";
import { type Flushable, FlushSchedule } from "./flush-schedule.ts";
import { RefusedPeerError } from "./greeting.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { Link } from "./link.ts";
import { lookUpPeers } from "./look-up-peers.ts";
import { type NetworkInterfaces, ownAddress } from "./own-address.ts";
import { PeerDiscovery } from "./peer-discovery.ts";
import type { Hello } from "./wire/hello.ts";

const helloOf = (nodeId: string): Hello => ({
  ...{ newestVersion: 1, oldestVersion: 1, nodeId, address: "", cluster: "", dialNumber: 0, endedLink: undefined },
});
const link = { abort: () => undefined, leave: () => undefined } as unknown as Link;

describe("which of two links is kept", () => {
  it("is the same for both ends, in whatever order they hear of them", () => {
    const names = ["a", "b"].flatMap((dialerId) => [1, 2, 3].map((dialNumber) => ({ dialerId, dialNumber })));
    for (const first of names) {
      for (const second of names) {
        if (first === second) continue;
        const keptInOrder = isSecondKept(first, second) ? second : first;
        const keptInReverse = isSecondKept(second, first) ? first : second;
        expect(keptInOrder).toBe(keptInReverse);
      }
    }
  });
});

describe("the flush schedule", () => {
  it("sends the first message at the end of the turn, and a stream of them once every batchMs", () => {
    const { clock, scheduler, advance } = createFakeTime();
    const flushes = new FlushSchedule(clock, scheduler, 1);
    let count = 0;
    const flushable = {
      flush: () => {
        count += 1;
      },
    };
    flushes.request(flushable, false);
    flushes.request(flushable, false);
    expect(count).toBe(0);
    advance(0);
    expect(count).toBe(1);
    for (let step = 0; step < 100; step += 1) {
      flushes.request(flushable, false);
      advance(0.1);
    }
    expect(count).toBeGreaterThan(8);
    expect(count).toBeLessThan(13);
  });

  it("sends what somebody waits for at the end of the turn, with what waits for its batch, and each once", () => {
    const { clock, scheduler, advance, pendingCount } = createFakeTime();
    const flushes = new FlushSchedule(clock, scheduler, 1);
    const flushed: string[] = [];
    const [a, b] = ["a", "b"].map((name) => ({ flush: () => void flushed.push(name) })) as [Flushable, Flushable];
    flushes.request(a, false);
    advance(0);
    flushes.request(a, false);
    advance(0.5);
    expect(flushed).toEqual(["a"]);
    flushes.request(b, true);
    flushes.request(b, true);
    expect(flushed).toEqual(["a"]);
    advance(0);
    expect(flushed).toEqual(["a", "a", "b"]);
    advance(5);
    expect(flushed).toEqual(["a", "a", "b"]);
    expect(pendingCount()).toBe(0);
  });
});

describe("heartbeats", () => {
  function open(heartbeatMs: number) {
    const time = createFakeTime();
    const told = { beats: 0, sweeps: 0 };
    const heartbeats = new Heartbeats({
      ...{ heartbeatMs, clock: time.clock, scheduler: time.scheduler },
      beat: () => {
        told.beats += 1;
      },
      sweep: () => {
        told.sweeps += 1;
      },
    });
    heartbeats.open();
    return { ...time, told, heartbeats };
  }

  it("come once in their time, until they are closed", () => {
    const { told, advance, heartbeats, pendingCount } = open(1_000);
    advance(10_000);
    expect(told.beats).toBe(10);
    heartbeats.close();
    expect(pendingCount()).toBe(0);
  });

  it("judge nobody's silence when this process has stood still itself", () => {
    let nowMs = 0;
    let task: () => void = () => undefined;
    let sweeps = 0;
    const scheduler = {
      after: (_: number, run: () => void) => {
        task = run;
        return { cancel: () => undefined };
      },
    };
    const sweep = (): void => {
      sweeps += 1;
    };
    const clock = { monotonicMs: () => nowMs };
    new Heartbeats({ heartbeatMs: 1_000, clock, scheduler, beat: () => undefined, sweep }).open();
    nowMs = 30_000;
    task();
    expect(sweeps).toBe(0);
    nowMs = 30_500;
    task();
    expect(sweeps).toBe(1);
  });
});

describe("the dialer", () => {
  function create() {
    const time = createFakeTime();
    const linked = new Set<string>();
    const dials: { readonly address: string; readonly outcome: DialOutcome }[] = [];
    const unreachable: string[] = [];
    const replaced: string[] = [];
    const dialer = new Dialer({
      ...{ nodeId: "me", clock: time.clock, scheduler: time.scheduler, random: createSeededRandom(1) },
      reconnect: { minMs: 100, maxMs: 5_000 },
      dial: ({ address }, outcome) => {
        dials.push({ address, outcome });
        return { isAccepted: false, cancel: () => undefined };
      },
      isLinked: (nodeId) => linked.has(nodeId),
      onReplaced: (nodeId) => void replaced.push(nodeId),
      onUnreachable: (address) => void unreachable.push(address),
    });
    return { ...time, dialer, dials, linked, unreachable, replaced };
  }

  it("dials again after pauses that grow to their bound, and tells of it once", () => {
    const { dialer, dials, unreachable, advance } = create();
    dialer.add("a:1", "static");
    for (let turn = 0; turn < 600; turn += 1) {
      if (dialer.targets()[0]?.state === "dialing") dials.at(-1)?.outcome.onFailed(new Error(`attempt ${turn}`));
      advance(100);
    }
    expect(dials.length).toBeGreaterThan(15);
    expect(dials.length).toBeLessThan(60);
    expect(unreachable).toEqual(["a:1"]);
  });

  it("asks who refused it again after the longest pause only", () => {
    const { dialer, dials, advance } = create();
    dialer.add("a:1", "static");
    for (let turn = 0; turn < 600; turn += 1) {
      if (dialer.targets()[0]?.state === "dialing") dials.at(-1)?.outcome.onFailed(new RefusedPeerError(16, "no"));
      advance(100);
    }
    expect(dials.length).toBeGreaterThanOrEqual(12);
    expect(dials.length).toBeLessThanOrEqual(24);
  });

  it("does not dial in a circle a node whose links end as soon as they are made", () => {
    const { dialer, dials, advance } = create();
    dialer.add("a:1", "static");
    for (let turn = 0; turn < 6_000; turn += 1) {
      if (dialer.targets()[0]?.state === "dialing") {
        dials.at(-1)?.outcome.onGreeted(link, helloOf("other"));
        dialer.noteLost("other");
      }
      advance(10);
    }
    expect(dials.length).toBeLessThan(60);
  });

  it("forgets the life before when another answers at an address", () => {
    const { dialer, dials, replaced, advance } = create();
    dialer.add("a:1", "static");
    dials[0]?.outcome.onGreeted(link, helloOf("first life"));
    dialer.noteLost("first life");
    advance(6_000);
    dials[1]?.outcome.onGreeted(link, helloOf("second life"));
    expect(replaced).toEqual(["first life"]);
  });

  it("dials what a name has now, for as long as one reason to dial it is left", () => {
    const { dialer, dials } = create();
    dialer.add("a:1", "static");
    dialer.replace(["a:1", "b:1"], "dns");
    dialer.replace(["b:1"], "table");
    expect(dials.map(({ address }) => address)).toEqual(["a:1", "b:1"]);
    dialer.replace([], "dns");
    expect(dialer.targets().map(({ address }) => address)).toEqual(["a:1", "b:1"]);
    dialer.replace([], "table");
    expect(dialer.targets().map(({ address }) => address)).toEqual(["a:1"]);
  });

  it("dials an address that leads to itself once", () => {
    const { dialer, dials, advance } = create();
    dialer.add("a:1", "static");
    expect(dials[0]?.outcome.onGreeted(link, helloOf("me"))).toBe(false);
    advance(60_000);
    expect(dials.length).toBe(1);
  });

  it("does not dial a node that has a link, whoever dialed it, and dials when that is lost", () => {
    const { dialer, dials, linked, advance } = create();
    dialer.add("a:1", "static");
    dialer.add("b:1", "added");
    for (const { outcome } of dials) expect(outcome.onGreeted(link, helloOf("other"))).toBe(true);
    linked.add("other");
    advance(60_000);
    expect(dials.length).toBe(2);
    linked.delete("other");
    dialer.noteLost("other");
    advance(6_000);
    expect(dials.length).toBe(4);
    for (const { outcome } of dials.slice(2)) outcome.onFailed(new Error("no"));
    // It dials in during the pause.
    linked.add("other");
    advance(60_000);
    expect(dials.length).toBe(4);
  });

  it("leaves nothing behind when it is closed", () => {
    const { dialer, dials, pendingCount } = create();
    dialer.add("a:1", "static");
    dials[0]?.outcome.onFailed(new Error("no"));
    dialer.close();
    expect(pendingCount()).toBe(0);
    dialer.add("b:1", "added");
    expect(dials.length).toBe(1);
  });
});

describe("the look-up of peers", () => {
  it("follows the name, and keeps what it knows while the look-up fails", async () => {
    const { scheduler, advanceAsync, pendingCount } = createFakeTime();
    const answers = [["10.0.0.1", "::1"], undefined, undefined, ["10.0.0.2"]];
    const told: (readonly string[] | string)[] = [];
    const lookup = async (): Promise<readonly string[]> => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error("no such name");
      return answer;
    };
    const discovery = new PeerDiscovery({
      ...{ lookupMs: 1_000, scheduler, random: { next: () => 0 } },
      list: () => lookUpPeers({ name: "n", port: 7 }, lookup),
      onAddresses: (addresses) => void told.push(addresses),
      onFailed: () => void told.push("failed"),
    });
    discovery.open();
    await advanceAsync(3_500);
    expect(told).toEqual([["10.0.0.1:7", "[::1]:7"], "failed", ["10.0.0.2:7"]]);
    discovery.close();
    expect(pendingCount()).toBe(0);
  });
});

describe("where others can dial a node", () => {
  const interfaces = {
    lo: [{ address: "127.0.0.1", family: "IPv4", internal: true }],
    eth0: [
      { address: "fe80::1", family: "IPv6", internal: false },
      { address: "2001:db8::7", family: "IPv6", internal: false },
      { address: "10.0.0.7", family: "IPv4", internal: false },
    ],
  } as unknown as NetworkInterfaces;
  const ownOf = (host: string, advertisedAddress?: string, of = interfaces): string =>
    ownAddress({ host, advertisedAddress }, 50, of);

  it("is what it was told, its host, or the machine's first address that others know", () => {
    expect(ownOf("0.0.0.0", "node.example:7")).toBe("node.example:7");
    expect(ownOf("10.9.9.9")).toBe("10.9.9.9:50");
    expect(ownOf("0.0.0.0")).toBe("10.0.0.7:50");
    expect(ownOf("::", undefined, { eth0: interfaces["eth0"]?.slice(0, 2) })).toBe("[2001:db8::7]:50");
    expect(ownOf("0.0.0.0", undefined, { lo: interfaces["lo"] })).toBe("127.0.0.1:50");
  });
});
