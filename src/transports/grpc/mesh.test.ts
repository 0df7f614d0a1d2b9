import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { CoherenceMessage } from "../../coherence/coherence-message.ts";
import { createFakeTime, type FakeTime } from "../../testing/fake-clock.ts";
import { FlushSchedule } from "./flush-schedule.ts";
import type { GrpcStream } from "./grpc-library.ts";
import { Link } from "./link.ts";
import { Mesh } from "./mesh.ts";
import { decodeFrame } from "./wire/frame.ts";
import type { Hello } from "./wire/hello.ts";

const change = (key: string): CoherenceMessage => ({ kind: "change", key, version: 1, previousHead: undefined });
const helloOf = (nodeId: string, endedLink?: Hello["endedLink"]): Hello => ({
  ...{ newestVersion: 1, oldestVersion: 1, nodeId, address: "", cluster: "", dialNumber: 0, endedLink },
});

/** One end of a wire whose frames stand still until the test delivers them. */
class HeldStream extends EventEmitter {
  other: HeldStream | undefined;
  readonly frames: Buffer[] = [];
  isFull = false;
  isEnded = false;
  write(frame: Buffer): boolean {
    this.frames.push(frame);
    return !this.isFull;
  }
  end(): void {
    this.isEnded = true;
  }
  /** Brings what was written to the other end; the end after it. */
  deliver(): void {
    for (const frame of this.frames.splice(0)) this.other?.emit("data", frame);
    if (!this.isEnded) return;
    this.isEnded = false;
    this.other?.emit("end");
  }
}

interface TestNode {
  readonly id: string;
  readonly mesh: Mesh;
  readonly heard: string[];
  readonly gaps: (string | undefined)[];
  readonly events: string[];
}

function createNode(id: string, time: FakeTime, maxCount = 1_000): TestNode {
  const heard: string[] = [];
  const gaps: (string | undefined)[] = [];
  const events: string[] = [];
  const mesh = new Mesh({
    ...{ nodeId: id, clock: time.clock, flushes: new FlushSchedule(time.clock, time.scheduler, 1) },
    ...{ queue: { maxCount, maxBytes: 1_000_000 }, batchBytes: 65_536, maxMessageBytes: 1_000_000 },
    listener: {
      onMessage: (message) => void heard.push(message.kind === "change" ? message.key : message.kind),
      onGap: (from) => void gaps.push(from),
      onPeer: ({ id: peerId, state }) => void events.push(`${peerId} ${state}`),
    },
    onLost: (lostId) => void events.push(`${lostId} may be dialed`),
    onNotice: () => undefined,
    onLetter: () => undefined,
    onPeers: () => undefined,
  });
  return { id, mesh, heard, gaps, events };
}

interface Wire {
  readonly ends: readonly [HeldStream, HeldStream];
  readonly links: readonly [Link, Link];
  /** Brings everything that is on its way, both ways, until nothing is. */
  deliver(): void;
  /** Makes it a link of the first node's dials in both meshes, of one only where `sides` says so. */
  join(dialNumber: number, sides?: readonly ("dialer" | "accepter")[], endedLink?: Hello["endedLink"]): void;
}

/** A wire that the first node dialed. */
function createWire(dialer: TestNode, accepter: TestNode, time: FakeTime): Wire {
  const ends = [new HeldStream(), new HeldStream()] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  const nobody = { onFrame: () => undefined, onDrain: () => undefined, onEnded: () => undefined };
  const linkOf = (end: HeldStream, isDialed: boolean): Link => {
    const stream = end as unknown as GrpcStream;
    const abandon = (): void => void end.other?.emit("cancelled");
    return new Link(
      { ...{ stream, isDialed, remote: "", abandon }, clock: time.clock, scheduler: time.scheduler },
      nobody,
    );
  };
  const links = [linkOf(ends[0], true), linkOf(ends[1], false)] as const;
  return {
    ends,
    links,
    deliver() {
      time.advance(2);
      for (let turn = 0; turn < 4; turn += 1) for (const end of ends) end.deliver();
    },
    join(dialNumber, sides = ["accepter", "dialer"], endedLink) {
      const name = { dialerId: dialer.id, dialNumber };
      for (const side of sides) {
        if (side === "dialer") dialer.mesh.join({ link: links[0], name }, helloOf(accepter.id), "b:1");
        else accepter.mesh.join({ link: links[1], name }, helloOf(dialer.id, endedLink), "a:1");
      }
    },
  };
}

function createPair(maxCount?: number) {
  const time = createFakeTime();
  const [a, b] = [createNode("a", time, maxCount), createNode("b", time, maxCount)];
  const wire = createWire(a, b, time);
  wire.join(1);
  wire.deliver();
  return { time, a, b, wire };
}

describe("two nodes and the links between them", () => {
  it("hear each other, and tell when a link comes up that something may have been missed", () => {
    const { a, b, wire } = createPair();
    a.mesh.broadcast(change("1"));
    b.mesh.send("a", change("2"));
    b.mesh.send("nobody", change("3"));
    wire.deliver();
    expect([a.heard, b.heard]).toEqual([["2"], ["1"]]);
    expect([a.gaps, b.gaps]).toEqual([["b"], ["a"]]);
    expect([a.events, b.events]).toEqual([["b connected"], ["a connected"]]);
  });

  it("let nobody who waits for an answer wait for a batch", () => {
    const { a, b, wire, time } = createPair();
    const ask: CoherenceMessage = { kind: "ack-ask", id: 1, key: "k", version: 2 };
    a.mesh.broadcast(change("1"));
    time.advance(0);
    // In the same millisecond: a batch comes after it.
    a.mesh.broadcast(change("2"));
    time.advance(0);
    for (const end of wire.ends) end.deliver();
    expect(b.heard).toEqual(["1"]);
    a.mesh.broadcast(ask);
    b.mesh.send("a", change("3"));
    b.mesh.send("a", { kind: "ack", id: 0 });
    time.advance(0);
    for (const end of wire.ends) end.deliver();
    expect([a.heard, b.heard]).toEqual([
      ["3", "ack"],
      ["1", "2", "ack-ask"],
    ]);
  });

  it("lose what is said while there is no link, and hear so when there is one again", () => {
    const { a, b, wire, time } = createPair();
    a.mesh.broadcast(change("1"));
    wire.links[0].abort(new Error("cut"));
    a.mesh.broadcast(change("2"));
    expect(a.events).toEqual(["b connected", "b lost", "b may be dialed"]);
    const next = createWire(a, b, time);
    next.join(2);
    a.mesh.broadcast(change("3"));
    next.deliver();
    expect(b.heard).toEqual(["3"]);
    expect(b.gaps).toEqual(["a", "a", "a"]);
    expect(b.events).toEqual(["a connected", "a lost", "a may be dialed", "a connected"]);
  });

  it.each(["waited for a link", "was said without one"])(
    "hear by its number what %s that only the other end knew to be over",
    (which) => {
      const { a, b, wire, time } = createPair();
      wire.ends[0].other = undefined;
      if (which === "waited for a link") a.mesh.broadcast(change("lost"));
      wire.links[0].abort(new Error("cut"));
      if (which === "was said without one") a.mesh.broadcast(change("lost"));
      expect(b.mesh.isLinked("a")).toBe(true);
      const next = createWire(a, b, time);
      next.join(2);
      a.mesh.broadcast(change("3"));
      next.deliver();
      expect(b.heard).toEqual(["3"]);
      // For b there was a link all the time: only the numbers tell of the loss.
      expect(b.events).toEqual(["a connected"]);
      expect(b.gaps).toEqual(["a", "a"]);
    },
  );

  it("go over to a newer link without loss, doubles or a word of it", () => {
    const { a, b, wire, time } = createPair();
    a.mesh.broadcast(change("1"));
    time.advance(2);
    const next = createWire(a, b, time);
    next.join(2);
    a.mesh.broadcast(change("2"));
    // What went over the newer link is there before what went over the older one.
    next.deliver();
    expect(b.heard).toEqual(["2"]);
    wire.deliver();
    expect(b.heard).toEqual(["2", "1"]);
    b.mesh.broadcast(change("back"));
    next.deliver();
    expect(a.heard).toEqual(["back"]);
    expect(b.events).toEqual(["a connected"]);
    expect(wire.links.map(({ isOver }) => isOver)).toEqual([true, true]);
  });

  it("that dial each other at the same time keep the same link", () => {
    for (const isReversed of [false, true]) {
      const time = createFakeTime();
      const [a, b] = [createNode("a", time), createNode("b", time)];
      const [ofA, ofB] = [createWire(a, b, time), createWire(b, a, time)];
      const joins = [
        () => ofA.join(1, ["dialer"]),
        () => ofB.join(1, ["dialer"]),
        () => ofA.join(1, ["accepter"]),
        () => ofB.join(1, ["accepter"]),
      ];
      for (const join of isReversed ? joins.reverse() : joins) join();
      a.mesh.broadcast(change("of a"));
      b.mesh.broadcast(change("of b"));
      for (const wire of [ofB, ofA, ofB]) wire.deliver();
      expect([a.heard, b.heard]).toEqual([["of b"], ["of a"]]);
      expect(ofA.links.map(({ isOver }) => isOver)).toEqual([false, false]);
      expect(ofB.links.map(({ isOver }) => isOver)).toEqual([true, true]);
    }
  });

  it.each([
    ["replaces a link", ["dialer of b", "accepter of b", "accepter of a"]],
    ["turns a link down", ["accepter of a", "accepter of b", "dialer of b"]],
  ])("keep the one link that the other end knows of, when one %s, until the other end uses the other", (_, joins) => {
    const time = createFakeTime();
    const [a, b] = [createNode("a", time), createNode("b", time)];
    const [ofA, ofB] = [createWire(a, b, time), createWire(b, a, time)];
    for (const join of joins) {
      const [side, dialer] = join.split(" of ") as ["dialer" | "accepter", "a" | "b"];
      (dialer === "a" ? ofA : ofB).join(1, [side]);
    }
    // The greeting over the link that is kept is still on its way to a.
    a.mesh.broadcast(change("1"));
    b.mesh.broadcast(change("2"));
    ofB.deliver();
    time.advance(600);
    expect([a.events, b.events, b.heard]).toEqual([["b connected"], ["a connected"], ["1"]]);
    expect(ofB.links.map(({ isOver }) => isOver)).toEqual([false, false]);
    ofA.join(1, ["dialer"]);
    for (const wire of [ofA, ofB]) wire.deliver();
    expect([a.heard, b.heard]).toEqual([["2"], ["1"]]);
    expect([a.events, b.events]).toEqual([["b connected"], ["a connected"]]);
    expect([a.gaps, b.gaps]).toEqual([["b"], ["a"]]);
    expect(ofB.links.map(({ isOver }) => isOver)).toEqual([true, true]);
    expect([a, b].map(({ mesh }) => [...mesh.peers.values()].map((peer) => peer.links().length))).toEqual([[1], [1]]);
  });

  it("go back to no older link when the newer one is lost", () => {
    const { a, b, wire, time } = createPair();
    const next = createWire(a, b, time);
    next.join(2, ["accepter"]);
    next.links[1].abort(new Error("cut"));
    wire.deliver();
    expect(b.events).toEqual(["a connected", "a lost", "a may be dialed"]);
    expect(a.events).toEqual(["b connected", "b lost", "b may be dialed"]);
  });

  it("keep four older links of a node that dials again and again, and end them with the others", () => {
    const { b, wire, time } = createPair();
    const others = [2, 3, 4, 5, 6].map((dialNumber) => {
      const next = createWire(createNode("a", time), b, time);
      next.join(dialNumber, ["accepter"]);
      return next;
    });
    const areOver = (): readonly boolean[] => [wire, ...others].map(({ links }) => links[1].isOver);
    expect(areOver()).toEqual([true, false, false, false, false, false]);
    b.mesh.abandon();
    expect(areOver()).toEqual([true, true, true, true, true, true]);
    expect(b.mesh.peers.get("a")?.links()).toEqual([]);
  });

  it("do not hold on to a link that the other end knows to be over", () => {
    const { a, b, wire, time } = createPair();
    // b hears nothing and gives the link up; that does not reach a, whose own dial is kept over one of b's.
    wire.ends[1].other = undefined;
    wire.links[1].abort(new Error("nothing was heard"));
    expect(a.mesh.isLinked("b")).toBe(true);
    const ofB = createWire(b, a, time);
    ofB.join(1, ["accepter", "dialer"], b.mesh.endedLinkOf("a"));
    b.mesh.broadcast(change("over the new one"));
    ofB.deliver();
    expect(a.heard).toEqual(["over the new one"]);
    expect(a.events).toEqual(["b connected"]);
    expect(ofB.links[1].isOver).toBe(false);
  });

  it("give up a link over which nothing was heard, and forget a node that stays away", () => {
    const { a, b, wire, time } = createPair();
    time.advance(2_000);
    a.mesh.beat();
    wire.ends[0].deliver();
    time.advance(1_000);
    a.mesh.sweep(2_500);
    b.mesh.sweep(2_500);
    expect(a.events.at(-1)).toBe("b may be dialed");
    expect(a.mesh.peers.get("b")?.current).toBeUndefined();
    time.advance(56_000);
    a.mesh.sweep(2_500);
    expect(a.mesh.peers.has("b")).toBe(true);
    time.advance(2_000);
    a.mesh.sweep(2_500);
    expect(a.mesh.peers.has("b")).toBe(false);
    expect(a.mesh.endedLinkOf("b")).toBeUndefined();
  });

  it("continue their numbers also to a node that was forgotten meanwhile", () => {
    const { a, b, wire, time } = createPair();
    for (const key of ["1", "2", "3"]) a.mesh.broadcast(change(key));
    wire.deliver();
    wire.links[0].abort(undefined);
    time.advance(61_000);
    a.mesh.sweep(1);
    const next = createWire(a, b, time);
    next.join(2);
    // Numbers that began anew would be taken for doubles by whoever has not forgotten.
    expect(decodeFrame(next.ends[0].frames[0] as Buffer)).toEqual({ kind: "heartbeat", sequence: 3 });
    a.mesh.broadcast(change("4"));
    next.deliver();
    expect(b.heard).toEqual(["1", "2", "3", "4"]);
  });

  it("show by a heartbeat that the last message was lost", () => {
    const { a, b, wire, time } = createPair();
    a.mesh.broadcast(change("1"));
    // Before its batch leaves a message is not sent: it is not lost either.
    a.mesh.beat();
    wire.deliver();
    expect(b.gaps).toEqual(["a"]);
    a.mesh.broadcast(change("lost"));
    time.advance(2);
    wire.ends[0].frames.length = 0;
    a.mesh.beat();
    a.mesh.beat();
    wire.deliver();
    expect(b.gaps).toEqual(["a", "a"]);
    a.mesh.broadcast(change("2"));
    wire.deliver();
    expect(b.heard).toEqual(["1", "2"]);
    expect(b.gaps).toEqual(["a", "a"]);
  });

  it("that do not read cost a bounded queue, and hear that everything may have changed", () => {
    const { a, b, wire, time } = createPair(50);
    wire.ends[0].isFull = true;
    for (let place = 0; place < 10_000; place += 1) {
      a.mesh.broadcast(change(`${place}`));
      if (place % 10 === 0) time.advance(1);
      expect(a.mesh.peers.get("b")?.queuedCount).toBeLessThanOrEqual(50);
    }
    a.mesh.send("b", { kind: "ack-ask", id: 1, key: "k", version: 1 });
    // No heartbeat either: it would be one more frame in memory.
    const frameCount = wire.ends[0].frames.length;
    a.mesh.beat();
    expect(wire.ends[0].frames.length).toBe(frameCount);
    wire.ends[0].isFull = false;
    wire.ends[0].emit("drain");
    wire.deliver();
    expect(b.heard.slice(-2)).toEqual(["unknown", "ack-ask"]);
    expect(b.heard.length).toBeLessThan(100);
    // What was said before the collapse stands for no loss: nobody missed a number.
    expect(b.gaps).toEqual(["a"]);
    a.mesh.broadcast(change("after"));
    wire.deliver();
    expect(b.heard.at(-1)).toBe("after");
  });

  it("leave in order: what waits is sent, and nobody who leaves is told of it", () => {
    const { a, b, wire } = createPair();
    let hasLeft = false;
    a.mesh.broadcast(change("the last words"));
    a.mesh.leave(() => {
      hasLeft = true;
    });
    expect(hasLeft).toBe(false);
    wire.deliver();
    expect(hasLeft).toBe(true);
    expect(b.heard).toEqual(["the last words"]);
    expect(a.events).toEqual(["b connected"]);
    expect(b.events).toEqual(["a connected", "a lost", "a may be dialed"]);
  });

  it("have left when their older links are over, too", () => {
    const { a, b, wire, time } = createPair();
    let hasLeft = false;
    a.mesh.broadcast(change("over the older one"));
    time.advance(2);
    const next = createWire(a, b, time);
    next.join(2, ["dialer"]);
    a.mesh.leave(() => {
      hasLeft = true;
    });
    next.deliver();
    expect(next.links[0].isOver).toBe(true);
    expect(hasLeft).toBe(false);
    wire.deliver();
    expect(hasLeft).toBe(true);
    expect(b.heard).toEqual(["over the older one"]);
  });

  it("are heard no more when what they send is no frame", () => {
    const { a, b, wire } = createPair();
    wire.ends[1].emit("data", Buffer.from("ffffff", "hex"));
    a.mesh.broadcast(change("k"));
    wire.deliver();
    expect(b.heard).toEqual([]);
    expect(b.events.slice(1)).toEqual(["a lost", "a may be dialed"]);
  });
});
