import { afterEach, describe, expect, it } from "vitest";
import type { ProtoFrame } from "../support/grpc/load-proto.ts";
import { closeMeshes, eventually, meshNode } from "./support/grpc-mesh.ts";
import { closeProtoPeers, dialAsProtoPeer } from "./support/proto-peer.ts";

afterEach(async () => {
  closeProtoPeers();
  await closeMeshes();
});

const change = (key: string): ProtoFrame => ({ change: { key, version: 7 } });
const batch = (first: number, ...messages: readonly ProtoFrame[]): ProtoFrame => ({
  batch: { first_sequence: first, messages },
});

describe("a node that was written from the .proto file alone", () => {
  it("hears of changes, and is heard", async () => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address);
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    node.transport.broadcast({ kind: "change", key: "user:ü", version: 2 ** 52 + 1, previousHead: 3 });
    node.transport.send("proto-peer", { kind: "ack-ask", id: 4, key: "k", version: Number.POSITIVE_INFINITY });
    await eventually(() => expect(peer.frames.some((frame) => "batch" in frame)).toBe(true));
    expect(peer.frames[0]).toMatchObject({
      hello: { newest_version: 1, oldest_version: 1, node_id: node.transport.nodeId, address: node.address },
    });
    expect(peer.frames[1]).toMatchObject({ heartbeat: {} });
    expect(peer.frames.find((frame) => "batch" in frame)).toMatchObject(
      batch(1, { change: { key: "user:ü", version: 2 ** 52 + 1, previous_head: 3 } }, { ack_ask: { id: 4, key: "k" } }),
    );
    peer.send(batch(1, { ack: { id: 4 } }));
    await eventually(() => expect(node.messages).toEqual([{ message: { kind: "ack", id: 4 }, from: "proto-peer" }]));
  });

  it("is asked for its token, and is shown that this node has it", async () => {
    const node = await meshNode({ token: "a secret" });
    const peer = dialAsProtoPeer(node.address, { token: "a secret" });
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    await eventually(() => expect(peer.shownProof()).toHaveLength(32));
  });

  it.each([
    ["none", {}],
    ["another", { token: "another secret" }],
    ["that of another node", { token: "a secret", hello: { node_id: "other" }, proof: Buffer.alloc(32) }],
    ["one that is too short", { proof: Buffer.alloc(1) }],
  ])("is told nothing when its proof is %s", async (_, options) => {
    const node = await meshNode({ token: "a secret" });
    const peer = dialAsProtoPeer(node.address, options);
    await expect(peer.ended).resolves.toMatchObject({ code: 16, details: "it does not know this node's token" });
    expect(peer.frames).toEqual([]);
    expect(peer.shownProof()).toBeUndefined();
    expect(node.peerEvents).toEqual([]);
    expect(node.notices).toEqual([expect.objectContaining({ kind: "warning", node: "127.0.0.1" })]);
  });
});

describe("a node of a newer protocol", () => {
  it("is welcome while it speaks this node's version, and its unknown kinds say that everything may have changed", async () => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address, { hello: { newest_version: 9, oldest_version: 1 } });
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    await eventually(() => expect(peer.frames[0]).toMatchObject({ hello: { newest_version: 1 } }));
    // Batch { first_sequence: 1, messages: [{ field 100: {} }, { ack: { id: 5 } }] }, then Frame { field 100: {} }
    peer.sendBytes(Buffer.from("120d08011203a2060012042a020805", "hex"));
    peer.sendBytes(Buffer.from("a20600", "hex"));
    peer.send(batch(3, change("after")));
    await eventually(() =>
      expect(node.messages.map(({ message }) => message.kind)).toEqual(["unknown", "ack", "unknown", "change"]),
    );
    expect(node.connected()).toEqual(["proto-peer"]);
  });

  it("is refused with its versions when it does not speak this node's any more", async () => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address, { hello: { newest_version: 3, oldest_version: 2 } });
    await expect(peer.ended).resolves.toEqual(
      expect.objectContaining({ code: 9, details: expect.stringContaining("speaks the versions 2 to 3") }),
    );
    expect(node.notices).toEqual([
      expect.objectContaining({ kind: "warning", message: expect.stringContaining("speaks the versions 2 to 3") }),
    ]);
  });

  it("of another cluster is refused by name", async () => {
    const node = await meshNode({ cluster: "blue" });
    const peer = dialAsProtoPeer(node.address, { hello: { cluster: "green" } });
    await expect(peer.ended).resolves.toMatchObject({
      code: 9,
      details: 'it belongs to the cluster "green", not to "blue"',
    });
  });
});

describe("what no node should send", () => {
  it.each([
    ["noise", Buffer.from("ffffffffffffffffffffffffff", "hex")],
    ["a batch without a number", Buffer.from("1200", "hex")],
    ["half a frame", Buffer.from("127f0801", "hex")],
  ])("%s ends the link, and the node stays", async (_, bytes) => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address);
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    peer.sendBytes(bytes);
    await peer.ended;
    await eventually(() => expect(node.connected()).toEqual([]));
    expect(node.messages).toEqual([]);
    expect(node.notices).toContainEqual(
      expect.objectContaining({ state: "lost", error: expect.objectContaining({ name: "MalformedFrameError" }) }),
    );
    dialAsProtoPeer(node.address, { hello: { dial_number: 2 } });
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
  });

  it("a frame before the hello ends the stream", async () => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address, { hello: false });
    peer.send(batch(1, change("k")));
    await expect(peer.ended).resolves.toMatchObject({ details: "it does not begin with a hello" });
    expect(node.messages).toEqual([]);
  });

  it("silence instead of a hello ends the stream in time", async () => {
    const node = await meshNode({ dialTimeoutMs: 100 });
    const peer = dialAsProtoPeer(node.address, { hello: false });
    await expect(peer.ended).resolves.toMatchObject({ details: "no hello in time" });
    expect(node.connected()).toEqual([]);
  });

  it("a frame above the limit ends the link, and is not kept", async () => {
    const node = await meshNode({ maxMessageBytes: 65_536 });
    const peer = dialAsProtoPeer(node.address);
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    peer.send(batch(1, change("k".repeat(70_000))));
    await peer.ended;
    await eventually(() => expect(node.connected()).toEqual([]));
    expect(node.messages).toEqual([]);
    expect(node.gaps.filter((from) => from === "proto-peer").length).toBeGreaterThan(1);
  });
});

describe("numbers of messages", () => {
  it("tell a gap, let doubles through once, and what comes late", async () => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address);
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    const gapsBefore = node.gaps.length;
    peer.send(batch(1, change("1"), change("2")));
    peer.send(batch(5, change("5")));
    peer.send(batch(2, change("2"), change("3")));
    peer.send(batch(5, change("5"), change("6")));
    const keys = (): unknown[] => node.messages.map(({ message }) => (message as { readonly key: string }).key);
    await eventually(() => expect(keys()).toEqual(["1", "2", "5", "3", "6"]));
    expect(node.gaps.slice(gapsBefore)).toEqual(["proto-peer"]);
  });

  it("of a heartbeat show that the last message was lost", async () => {
    const node = await meshNode();
    const peer = dialAsProtoPeer(node.address);
    await eventually(() => expect(node.connected()).toEqual(["proto-peer"]));
    const gapsBefore = node.gaps.length;
    peer.send(batch(1, change("1")));
    peer.send({ heartbeat: { sequence: 1 } });
    peer.send({ heartbeat: { sequence: 2 } });
    peer.send({ heartbeat: { sequence: 2 } });
    peer.send(batch(3, change("3")));
    await eventually(() => expect(node.messages.length).toBe(2));
    expect(node.gaps.slice(gapsBefore)).toEqual(["proto-peer"]);
  });
});
