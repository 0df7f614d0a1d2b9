import { afterEach, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import type { GrpcTransport } from "../../src/transports/grpc/grpc-transport.ts";
import { closeMeshes, eventually, type MeshNode, meshNode } from "./support/grpc-mesh.ts";

afterEach(closeMeshes);

const change = (key: string) => ({ kind: "change", key, version: 1, previousHead: undefined }) as const;
const keysOf = ({ messages }: MeshNode): readonly string[] =>
  messages.flatMap(({ message }) => (message.kind === "change" ? [message.key] : []));
const idsOf = (...nodes: readonly MeshNode[]): readonly string[] =>
  nodes.map(({ transport }) => transport.nodeId).sort();

async function linked(...nodes: readonly MeshNode[]): Promise<void> {
  await eventually(() => {
    for (const node of nodes) expect(node.connected()).toEqual(idsOf(...nodes.filter((other) => other !== node)));
  });
}

describe("nodes over gRPC", () => {
  it("tell each other of changes, over one link although both dial", async () => {
    const first = await meshNode();
    const second = await meshNode({ peers: [first.address] });
    first.transport.addPeer(second.address);
    await linked(first, second);
    const message = { kind: "change", key: "user:ü", version: 1_700_000_000_000_123, previousHead: 7 } as const;
    first.transport.broadcast(message);
    second.transport.send(first.transport.nodeId, { kind: "ack", id: 3 });
    await eventually(() => expect(second.messages).toEqual([{ message, from: first.transport.nodeId }]));
    await eventually(() =>
      expect(first.messages).toEqual([{ message: { kind: "ack", id: 3 }, from: second.transport.nodeId }]),
    );
  });

  it("are there when they dialed in, also while the pause after a failed dial to them goes on", async () => {
    const port = await findFreePort();
    const first = await meshNode({ peers: [`127.0.0.1:${port}`], reconnect: { minMs: 60_000, maxMs: 60_000 } });
    const states = (): readonly string[] => first.transport.peers().map(({ state }) => state);
    await eventually(() => expect(states()).toEqual(["lost"]));
    const second = await meshNode({ port, peers: [first.address] });
    await linked(first, second);
    expect(states()).toEqual(["connected"]);
    await second.transport.close();
    await eventually(() => expect(states()).toContain("lost"));
  });

  it("dial other addresses when their list is another, and keep the links that they have", async () => {
    const [first, second, third] = [await meshNode(), await meshNode(), await meshNode({ peers: [] })];
    third.transport.replacePeers([first.address]);
    await eventually(() => expect(third.connected()).toEqual(idsOf(first)));
    expect(() => third.transport.replacePeers([second.address, "no address"])).toThrow(/peers/);
    third.transport.replacePeers([second.address]);
    await eventually(() => expect(third.connected()).toEqual(idsOf(first, second)));
    await first.transport.close();
    await eventually(() => expect(third.transport.peers().map(({ state }) => state)).toContain("lost"));
    // Nobody dials it any more.
    expect(
      third.transport.peers().some(({ address, state }) => address === first.address && state === "connecting"),
    ).toBe(false);
  });

  it("ask and answer: everybody who was asked answers once", async () => {
    const writer = await meshNode();
    const others = await Promise.all([1, 2, 3].map(() => meshNode({ peers: [writer.address] })));
    await eventually(() => expect(writer.connected()).toEqual(idsOf(...others)));
    for (const [place, { transport }] of others.entries()) {
      writer.transport.send(transport.nodeId, { kind: "ack-ask", id: place, key: "k", version: 9 });
    }
    for (const [place, { messages, transport }] of others.entries()) {
      const asked = { message: { kind: "ack-ask", id: place, key: "k", version: 9 }, from: writer.transport.nodeId };
      await eventually(() => expect(messages).toEqual([asked]));
      transport.send(writer.transport.nodeId, { kind: "ack", id: place });
    }
    const answers = others.map(({ transport }, id) => ({ message: { kind: "ack", id }, from: transport.nodeId }));
    await eventually(() => expect(writer.messages.length).toBe(3));
    expect(writer.messages).toEqual(expect.arrayContaining(answers));
  });

  it("hear all of a burst, in its order and once", async () => {
    const first = await meshNode();
    const second = await meshNode({ peers: [first.address] });
    await linked(first, second);
    const gapsBefore = second.gaps.length;
    const keys = Array.from({ length: 20_000 }, (_, place) => `key:${place}`);
    for (const key of keys) first.transport.broadcast(change(key));
    await eventually(() => expect(second.messages.length).toBe(keys.length));
    expect(keysOf(second)).toEqual(keys);
    expect(second.gaps.length).toBe(gapsBefore);
  });

  it("say that everything may have changed instead of a message above the limit", async () => {
    const first = await meshNode({ maxMessageBytes: 65_536 });
    const second = await meshNode({ peers: [first.address], maxMessageBytes: 65_536 });
    await linked(first, second);
    first.transport.broadcast(change("k".repeat(65_537)));
    first.transport.broadcast(change("k".repeat(65_000)));
    first.transport.broadcast(change("after"));
    await eventually(() => expect(keysOf(second).at(-1)).toBe("after"));
    expect(second.messages.map(({ message }) => message.kind)).toEqual(["unknown", "change", "change"]);
    expect(first.notices.filter((notice) => notice.kind === "connection" && notice.state === "lost")).toEqual([]);
  });

  it("are one node under two names", async () => {
    const first = await meshNode();
    const second = await meshNode({
      peers: [first.address, `localhost:${first.port}`, `:${first.port}`],
    });
    await linked(first, second);
    await eventually(() => expect(second.transport.peers().length).toBe(1));
    first.transport.broadcast(change("once"));
    await eventually(() => expect(keysOf(second)).toEqual(["once"]));
    second.transport.broadcast(change("back"));
    await eventually(() => expect(keysOf(first)).toEqual(["back"]));
    // The links that were too many went without a word of loss.
    expect(second.peerEvents.map(({ state }) => state)).toEqual(["connected"]);
    expect(first.peerEvents.map(({ state }) => state)).toEqual(["connected"]);
  });

  it("may list themselves: nobody hears of it", async () => {
    const lonely = await meshNode();
    lonely.transport.addPeer(lonely.address);
    lonely.transport.addPeer(`localhost:${lonely.port}`);
    const other = await meshNode({ peers: [lonely.address] });
    await linked(lonely, other);
    await eventually(() => expect(lonely.transport.peers().map(({ id }) => id)).toEqual([other.transport.nodeId]));
    lonely.transport.broadcast(change("k"));
    await eventually(() => expect(keysOf(other)).toEqual(["k"]));
    expect(lonely.messages).toEqual([]);
    expect(lonely.notices.map(({ kind }) => kind)).toEqual(["connection"]);
  });

  it("come and go, and those that stay go on", async () => {
    const first = await meshNode();
    const second = await meshNode({ peers: [first.address] });
    const third = await meshNode({ peers: [first.address, second.address] });
    await linked(first, second, third);
    const lastWords = change("the last words of a node");
    second.transport.broadcast(lastWords);
    await second.transport.close();
    for (const node of [first, third]) {
      await eventually(() =>
        expect(node.messages).toContainEqual({ message: lastWords, from: second.transport.nodeId }),
      );
      await eventually(() =>
        expect(node.peerEvents.at(-1)).toMatchObject({ id: second.transport.nodeId, state: "lost" }),
      );
      expect(node.gaps.at(-1)).toBe(second.transport.nodeId);
    }
    first.transport.broadcast(change("without the second"));
    await eventually(() => expect(keysOf(third)).toContain("without the second"));
  });

  it("are another node after a restart, at the same address", async () => {
    const first = await meshNode();
    const before = await meshNode({ peers: [first.address] });
    first.transport.addPeer(before.address);
    await linked(first, before);
    before.transport.broadcast(change("of the first life"));
    await eventually(() => expect(keysOf(first)).toEqual(["of the first life"]));
    await before.transport.close();
    const after = await meshNode({ port: before.port });
    await linked(first, after);
    expect(after.transport.nodeId).not.toBe(before.transport.nodeId);
    after.transport.broadcast(change("of the second life"));
    await eventually(() => expect(keysOf(first)).toEqual(["of the first life", "of the second life"]));
    // Its numbers begin anew, which is no loss; that messages were missed meanwhile was told.
    expect(first.gaps.filter((from) => from === after.transport.nodeId).length).toBe(1);
    await eventually(() => expect(first.transport.peers().map(({ id }) => id)).toEqual([after.transport.nodeId]));
  });

  it("are dialed until they are there, with one word about it", async () => {
    const probe = await meshNode();
    const { port, address } = probe;
    await probe.transport.close();
    const early = await meshNode({ peers: [address] });
    await eventually(() =>
      expect(early.transport.peers()).toEqual([expect.objectContaining({ id: address, state: "lost" })]),
    );
    const late = await meshNode({ port });
    await linked(early, late);
    const lost = early.notices.filter((notice) => notice.kind === "connection" && notice.state === "lost");
    expect(lost).toEqual([expect.objectContaining({ node: address, error: expect.any(Error) })]);
  });

  it("can be added and removed while they run, and before", async () => {
    const first = await meshNode();
    const second = await meshNode();
    first.transport.addPeer(second.address);
    await linked(first, second);
    first.transport.removePeer(second.address);
    await eventually(() => expect([...first.connected(), ...second.connected()]).toEqual([]));
    first.transport.addPeer(second.address);
    await linked(first, second);
    expect(() => first.transport.addPeer("nowhere")).toThrow(/no address/);
  });
});

describe("closing a node", () => {
  it("sends what waits, frees its port, and tells of nothing any more", async () => {
    const first = await meshNode();
    const second = await meshNode({ peers: [first.address], batchMs: 1_000 });
    await linked(first, second);
    const keys = Array.from({ length: 5_000 }, (_, place) => `key:${place}`);
    for (const key of keys) second.transport.broadcast(change(key));
    const eventsBefore = second.peerEvents.length;
    await second.transport.close();
    await eventually(() => expect(keysOf(first)).toEqual(keys));
    expect(second.peerEvents.length).toBe(eventsBefore);
    expect(second.transport.address).toBeUndefined();
    expect(second.transport.peers()).toEqual([]);
    const again = await meshNode({ port: second.port });
    expect(again.port).toBe(second.port);
  });

  it("leaves no socket, no timer, no server", async () => {
    const busy = (): readonly string[] =>
      process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|GetAddrInfo/.test(name));
    const before = busy().length;
    const nodes: MeshNode[] = [];
    for (const _ of [1, 2, 3]) nodes.push(await meshNode({ peers: nodes.map(({ address }) => address) }));
    nodes[0]?.transport.addPeer("127.0.0.1:1");
    await linked(...nodes);
    expect(busy().length).toBeGreaterThan(before);
    await Promise.all(nodes.map(({ transport }) => transport.close()));
    await eventually(() => expect(busy().length).toBeLessThanOrEqual(before));
  });

  it("while it opens, before it opens and twice is closing it", async () => {
    const { grpcTransport } = await import("../../src/transports/grpc/grpc-transport.ts");
    const listener = { onMessage: () => undefined, onGap: () => undefined };
    const never: GrpcTransport = grpcTransport({ port: 0 });
    await Promise.all([never.close(), never.close()]);
    const opening = grpcTransport({ port: 0 });
    const opened = opening.open(listener);
    await Promise.all([opening.close(), opened]);
    expect(opening.address).toBeUndefined();
    opening.broadcast(change("to nobody"));
    await expect(opening.open(listener)).rejects.toThrow("once");
  });

  it("does not hide that a port is taken", async () => {
    const first = await meshNode();
    await expect(meshNode({ port: first.port })).rejects.toMatchObject({ code: "GCX_NODE_LISTEN" });
  });
});
