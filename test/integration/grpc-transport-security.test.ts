import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { type Certificates, makeCertificates } from "../../scripts/servers/make-certificates.ts";
import { type Scheduler, systemScheduler } from "../../src/foundation/scheduler.ts";
import { RefusedPeerError } from "../../src/transports/grpc/greeting.ts";
import type { GrpcTransportOptions } from "../../src/transports/grpc/grpc-transport-options.ts";
import type { GrpcTls } from "../../src/transports/grpc/grpc-transport-settings.ts";
import { resolveGrpcTransport } from "../../src/transports/grpc/resolve-grpc-transport.ts";
import { visitNode } from "../../src/transports/grpc/visit-node.ts";
import { closeMeshes, eventually, type MeshNode, meshNode } from "./support/grpc-mesh.ts";
import { closeProtoPeers, dialAsProtoPeer } from "./support/proto-peer.ts";

const certificates: Certificates = makeCertificates();
const { caFile, strangerCaFile } = certificates;
/** Both are good for `localhost` and the loopback addresses. */
const server: GrpcTls = { caFile, certFile: certificates.serverCertFile, keyFile: certificates.serverKeyFile };
const client: GrpcTls = { caFile, certFile: certificates.clientCertFile, keyFile: certificates.clientKeyFile };
const stranger: GrpcTls = { caFile, certFile: certificates.strangerCertFile, keyFile: certificates.strangerKeyFile };

afterAll(() => certificates.remove());
afterEach(async () => {
  closeProtoPeers();
  await closeMeshes();
});

const change = { kind: "change", key: "k", version: 1, previousHead: undefined } as const;

async function expectLink(first: MeshNode, second: MeshNode): Promise<void> {
  await eventually(() => expect(first.connected()).toEqual([second.transport.nodeId]));
  first.transport.broadcast(change);
  await eventually(() => expect(second.messages.length).toBeGreaterThan(0));
}

/** Waits for several dials that fail, and for what is told of them: the same thing once. */
async function expectNoLink(dialer: MeshNode, other: MeshNode): Promise<string> {
  await eventually(() => expect(dialer.notices.length).toBe(1));
  const [notice] = dialer.notices;
  expect(dialer.peerEvents).toEqual([]);
  expect(other.peerEvents).toEqual([]);
  expect(other.messages).toEqual([]);
  if (notice?.kind === "warning") return notice.message;
  return notice?.kind === "connection" ? String((notice.error as Error).message) : "";
}

describe("nodes that share a token", () => {
  it("talk to each other", async () => {
    const first = await meshNode({ token: "the secret" });
    await expectLink(await meshNode({ token: "the secret", peers: [first.address] }), first);
  });

  it.each([
    ["another", { token: "another secret" }],
    ["none", {}],
  ])("refuse one that has %s, and say so once on both sides", async (_, options) => {
    const first = await meshNode({ token: "the secret" });
    let dialCount = 0;
    const after: Scheduler["after"] = (delayMs, task, keepAlive) => {
      if (delayMs === 4_321) dialCount += 1;
      return systemScheduler.after(delayMs, task, keepAlive);
    };
    const dialer = await meshNode(
      { ...options, peers: [first.address], reconnect: { minMs: 1, maxMs: 20 }, dialTimeoutMs: 4_321 },
      { scheduler: { after, soon: systemScheduler.soon } },
    );
    expect(await expectNoLink(dialer, first)).toBe(
      "There is no link to this node: it refuses this node: it does not know this node's token.",
    );
    await eventually(() => expect(dialCount).toBeGreaterThan(4));
    expect(dialer.notices.length).toBe(1);
    expect(first.notices).toEqual([
      {
        kind: "warning",
        node: "127.0.0.1",
        message: "A node that dialed in was refused: it does not know this node's token.",
      },
    ]);
  });

  it("do not talk to one that listens at a node's address without knowing it", async () => {
    const thief = await meshNode();
    const dialer = await meshNode({ token: "the secret", peers: [thief.address] });
    await eventually(() =>
      expect(dialer.notices).toEqual([
        expect.objectContaining({ message: "There is no link to this node: it does not know this node's token." }),
      ]),
    );
    dialer.transport.broadcast(change);
    expect(dialer.peerEvents).toEqual([]);
    expect(thief.messages).toEqual([]);
  });
});

describe("nodes with certificates", () => {
  it("talk to each other, by address, by name and by the name they were told, whoever dials", async () => {
    const first = await meshNode({ tls: server });
    await expectLink(await meshNode({ tls: client, peers: [`localhost:${first.port}`] }), first);
    await expectLink(await meshNode({ tls: server, peers: [first.address] }), first);
    const named = { ...client, serverName: "localhost" };
    const second = await meshNode({ tls: named });
    await expectLink(await meshNode({ tls: { ...server, serverName: "localhost" }, peers: [second.address] }), second);
  });

  it("let nobody in without one, with one of another authority, or without encryption", async () => {
    const node = await meshNode({ tls: server });
    const plain = dialAsProtoPeer(node.address);
    await expect(plain.ended).resolves.toMatchObject({ code: 14 });
    const unsigned = await meshNode({ tls: stranger, peers: [node.address] });
    await expectNoLink(unsigned, node);
    expect(plain.frames).toEqual([]);
    expect(node.notices).toEqual([]);
  });

  it("do not dial one whose authority they do not know", async () => {
    const node = await meshNode({ tls: stranger });
    const dialer = await meshNode({ tls: client, peers: [node.address] });
    expect(await expectNoLink(dialer, node)).toMatch(/certificate/);
    const other = await meshNode({ tls: server });
    const distrustful = await meshNode({ tls: { ...client, caFile: strangerCaFile }, peers: [other.address] });
    expect(await expectNoLink(distrustful, other)).toMatch(/certificate/);
  });

  it("do not dial one that has another name", async () => {
    const node = await meshNode({ tls: server });
    const dialer = await meshNode({ tls: { ...client, serverName: "node.example" }, peers: [node.address] });
    expect(await expectNoLink(dialer, node)).toMatch(/altnames/);
  });

  it("let nobody in that has another name than they were told", async () => {
    const node = await meshNode({ tls: { ...server, serverName: "node.example" } });
    const dialer = await meshNode({ tls: client, peers: [node.address] });
    expect(await expectNoLink(dialer, node)).toMatch(/its certificate will not do: .*node\.example/);
    expect(node.notices).toEqual([expect.objectContaining({ kind: "warning" })]);
  });

  it("and nodes without do not talk to each other, and both stay", async () => {
    const plain = await meshNode();
    const secured = await meshNode({ tls: client, peers: [plain.address] });
    await expectNoLink(secured, plain);
    await expectLink(await meshNode({ peers: [plain.address] }), plain);
  });

  it("say at once that a file is missing", async () => {
    await expect(meshNode({ tls: { ...server, keyFile: join(certificates.folder, "none.key") } })).rejects.toThrow(
      /ENOENT/,
    );
  });
});

describe("renewed certificates", () => {
  /** The look at the files comes when the test says so. */
  function steppedLooks(): { readonly scheduler: Scheduler; look(): void } {
    const looks: (() => void)[] = [];
    const after: Scheduler["after"] = (delayMs, task, keepAlive) => {
      if (delayMs !== 60_000) return systemScheduler.after(delayMs, task, keepAlive);
      looks.push(task);
      return { cancel: () => undefined };
    };
    return { scheduler: { after, soon: systemScheduler.soon }, look: () => looks.shift()?.() };
  }

  it("are shown without a restart; halves of a pair are not", async () => {
    const [certFile, keyFile] = [join(certificates.folder, "own.crt"), join(certificates.folder, "own.key")];
    copyFileSync(stranger.certFile, certFile);
    copyFileSync(stranger.keyFile, keyFile);
    const { scheduler, look } = steppedLooks();
    const node = await meshNode({ tls: { caFile, certFile, keyFile } }, { scheduler });
    const dialer = await meshNode({ tls: client, peers: [node.address] });
    await expectNoLink(dialer, node);
    copyFileSync(server.certFile, certFile);
    look();
    await eventually(() =>
      expect(node.notices).toEqual([
        { kind: "warning", message: expect.stringContaining("New certificates will not do") },
      ]),
    );
    copyFileSync(server.keyFile, keyFile);
    await eventually(() => {
      look();
      expect(dialer.connected()).toEqual([node.transport.nodeId]);
    });
  });
});

describe("a visit", () => {
  const visit = (options: GrpcTransportOptions, address: string, dialTimeoutMs = 5_000): Promise<unknown> =>
    visitNode(resolveGrpcTransport({ port: 0, ...options, dialTimeoutMs }), address, undefined);

  it("is answered like a dial, and leaves nothing behind: no link, no peer, no word", async () => {
    // No link is lost and made anew meanwhile because a busy machine was silent.
    const secret = { token: "the secret", heartbeatMs: 60_000 };
    const node = await meshNode({ ...secret, tls: server });
    const other = await meshNode({ ...secret, tls: client, peers: [node.address] });
    await eventually(() => expect(node.connected()).toEqual([other.transport.nodeId]));
    const before = { events: node.peerEvents.length, gaps: node.gaps.length, notices: node.notices.length };
    for (let count = 0; count < 3; count += 1)
      expect(await visit({ token: "the secret", tls: client }, node.address)).toMatchObject({
        nodeId: node.transport.nodeId,
      });
    // What the visits might have left would be told before what comes after them.
    const last = await meshNode({ ...secret, tls: client, peers: [node.address] });
    await eventually(() => expect(node.connected()).toHaveLength(2));
    expect(node.peerEvents.slice(before.events).map(({ id }) => id)).toEqual([last.transport.nodeId]);
    expect(new Set(node.gaps.slice(before.gaps))).toEqual(new Set([last.transport.nodeId]));
    expect(node.notices.slice(before.notices)).toEqual([expect.objectContaining({ kind: "connection" })]);
    expect(node.transport.peers()).toHaveLength(2);
  });

  it("is refused as a dial is: for the token, on both sides, for the cluster, and for certificates", async () => {
    const guarded = await meshNode({ token: "the secret", cluster: "shop" });
    await expect(visit({ cluster: "shop" }, guarded.address)).rejects.toThrow(/does not know this node's token/);
    const rest = { token: "the secret" };
    await expect(visit({ ...rest, cluster: "other" }, guarded.address)).rejects.toThrow(
      /belongs to the cluster "other"/,
    );
    const thief = await meshNode({ cluster: "shop" });
    await expect(visit({ ...rest, cluster: "shop" }, thief.address)).rejects.toBeInstanceOf(RefusedPeerError);
    const encrypted = await meshNode({ tls: server });
    await expect(visit({ tls: { ...client, caFile: strangerCaFile } }, encrypted.address)).rejects.toThrow(
      /certificate/,
    );
    await expect(visit({}, encrypted.address, 500)).rejects.toThrow();
  });
});
