import { describe, expect, it } from "vitest";
import type { ChangeListener } from "../backend/change-feed.ts";
import type { MailListener } from "../backend/node-mail.ts";
import type { CoherenceMessage } from "../coherence/coherence-message.ts";
import { createFakeTime } from "../testing/fake-clock.ts";
import { MailTransport, type MessageStore } from "./mail-transport.ts";

/** Nodes over a store that passes letters on at once, as long as it is up. */
function openNodes() {
  const time = createFakeTime();
  const boxes = new Map<string, MailListener>();
  const feeds = new Set<ChangeListener>();
  const state = { isUp: true, sendCount: 0, answer: Promise.resolve() as Promise<unknown> };
  const store: MessageStore = {
    watchChanges(listener) {
      feeds.add(listener);
      return () => feeds.delete(listener);
    },
    openMail(nodeId, listener) {
      boxes.set(nodeId, listener);
      return {
        send(letter, to) {
          state.sendCount += 1;
          const targets = to === undefined ? [...boxes.values()] : [boxes.get(to)];
          if (state.isUp) for (const target of targets) target?.onLetter(Buffer.from(letter));
          return state.answer;
        },
        close: () => boxes.delete(nodeId),
      };
    },
  };
  const { clock, scheduler } = time;
  const join = (nodeId: string, of: MessageStore = store) => {
    const transport = new MailTransport({ name: "redis", storeName: "redis", store: of, nodeId, clock, scheduler });
    const heard: unknown[] = [];
    transport.open({
      onMessage: (message, from) => void heard.push([message, from]),
      onGap: () => void heard.push("gap"),
      onPeer: ({ id, state: peerState }) => void heard.push(`${id} ${peerState}`),
    });
    boxes.get(nodeId)?.onGap(true);
    return {
      transport,
      take: () => heard.splice(0),
      peers: () => transport.peers().map(({ id, state: peerState }) => `${id} ${peerState}`),
    };
  };
  return { time, boxes, feeds, state, join };
}

const CHANGE: CoherenceMessage = { kind: "change", key: "k", version: 5, previousHead: 4 };

describe("a transport over mail", () => {
  it("knows the nodes that are there when it comes, and those who come later", () => {
    const { join } = openNodes();
    const [a, b, c] = [join("a"), join("b"), join("c")];
    expect([a.peers(), b.peers(), c.peers()]).toEqual([
      ["b connected", "c connected"],
      ["a connected", "c connected"],
      ["a connected", "b connected"],
    ]);
    expect(a.take()).toEqual(["gap", "b connected", "c connected"]);
  });

  it("brings what is said to all to all others, and what is said to one to that one", () => {
    const { join } = openNodes();
    const nodes = [join("a"), join("b"), join("c")];
    for (const { take } of nodes) take();
    nodes[0]?.transport.broadcast(CHANGE);
    nodes[1]?.transport.send("a", { kind: "ack", id: 3 });
    expect(nodes.map(({ take }) => take())).toEqual([
      [[{ kind: "ack", id: 3 }, "b"]],
      [[CHANGE, "a"]],
      [[CHANGE, "a"]],
    ]);
  });

  it("passes the store's changes and gaps on", () => {
    const { join, feeds } = openNodes();
    const { take, transport } = join("a");
    take();
    expect(transport.isFedByStore).toBe(true);
    for (const feed of feeds) {
      feed.onGap(true);
      feed.onChange(CHANGE as never);
    }
    expect(take()).toEqual(["gap", [CHANGE, undefined]]);
  });

  it("takes letters that say nothing it knows for changes of anything", () => {
    const { join, boxes } = openNodes();
    const { take } = join("a");
    take();
    boxes.get("a")?.onLetter(Buffer.from("nonsense"));
    expect(take()).toEqual([[{ kind: "unknown" }, undefined]]);
  });

  it("forgets who says goodbye at once, and who is silent for three beats", () => {
    const { join, time, boxes } = openNodes();
    const [a, b] = [join("a"), join("b")];
    join("c");
    a.take();
    b.transport.close();
    expect([a.peers(), a.take()]).toEqual([["c connected"], ["b lost"]]);
    time.advance(100_000);
    expect(a.peers()).toEqual(["c connected"]);
    // As a process that was killed.
    boxes.get("c")?.onGap(false);
    time.advance(20_000);
    expect(a.peers()).toEqual(["c connected"]);
    time.advance(20_000);
    expect([a.peers(), a.take()]).toEqual([[], ["c lost"]]);
  });

  it("knows nobody is there for certain while it hears nothing, and meets all again afterwards", () => {
    const { join, boxes } = openNodes();
    const a = join("a");
    join("b");
    a.take();
    boxes.get("a")?.onGap(false);
    expect([a.peers(), a.take()]).toEqual([["b lost"], ["gap"]]);
    const c = join("c");
    boxes.get("a")?.onGap(true);
    expect([a.peers(), c.peers().sort()]).toEqual([
      ["b connected", "c connected"],
      ["a connected", "b connected"],
    ]);
  });

  it("says that it carries no letters where the store has no mail, and hears changes all the same", () => {
    const { join, feeds } = openNodes();
    const { transport, take } = join("a", {
      watchChanges(listener) {
        feeds.add(listener);
        return () => undefined;
      },
    });
    transport.send("b", CHANGE);
    for (const feed of feeds) feed.onChange(CHANGE as never);
    expect([transport.carriesLetters, transport.peers(), take()]).toEqual([false, [], [[CHANGE, undefined]]]);
    const mute = join("z", {}).transport;
    expect([mute.isFedByStore, mute.carriesLetters]).toEqual([false, false]);
  });

  it("lets no more letters wait than it has room for, and survives those that fail", async () => {
    const { join, state } = openNodes();
    const { transport } = join("a");
    const other = join("b");
    let fail: (error: Error) => void = () => undefined;
    state.answer = new Promise((_, reject) => {
      fail = reject;
    });
    const before = state.sendCount;
    for (let sent = 0; sent < 3_000; sent += 1) transport.send("b", CHANGE);
    expect(state.sendCount - before).toBeLessThanOrEqual(1_024);
    expect(transport.peers()[0]?.queuedCount).toBeGreaterThan(1_000);
    fail(new Error("gone"));
    await Promise.resolve();
    await Promise.resolve();
    expect(transport.peers()[0]?.queuedCount).toBe(0);
    other.take();
    transport.send("b", CHANGE);
    expect(other.take()).toEqual([[CHANGE, "a"]]);
  });

  it("leaves nothing behind when it is closed", () => {
    const { join, time, boxes, feeds } = openNodes();
    const { transport, take } = join("a");
    transport.close();
    expect([boxes.size, feeds.size, time.pendingCount()]).toEqual([0, 0, 0]);
    take();
    transport.send("b", CHANGE);
    expect(take()).toEqual([]);
  });
});
