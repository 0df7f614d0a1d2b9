import { afterEach, describe, expect, it } from "vitest";
import { closeMeshes, eventually, type MeshNode, meshNode } from "./support/grpc-mesh.ts";

afterEach(closeMeshes);

const idsOf = (...nodes: readonly MeshNode[]): readonly string[] =>
  nodes.map(({ transport }) => transport.nodeId).sort();

describe("peers that are looked up", () => {
  it("are found behind a name of the platform", async () => {
    const first = await meshNode();
    const second = await meshNode({ discovery: `dns:localhost:${first.port}` });
    await eventually(() => expect(second.connected()).toEqual(idsOf(first)));
  });

  it("come and go with the name's addresses, and links stay while it cannot be asked", async () => {
    const first = await meshNode();
    let hosts: readonly string[] | undefined = ["127.0.0.1"];
    let lookupCount = 0;
    const lookup = async (name: string): Promise<readonly string[]> => {
      expect(name).toBe("peers.example");
      lookupCount += 1;
      if (hosts === undefined) throw new Error("no answer");
      return hosts;
    };
    const options = { discovery: `dns:peers.example:${first.port}`, lookupMs: 100 };
    const node = await meshNode(options, { lookup });
    await eventually(() => expect(node.connected()).toEqual(idsOf(first)));
    hosts = undefined;
    const countBefore = lookupCount;
    await eventually(() => expect(lookupCount).toBeGreaterThan(countBefore + 2));
    expect(node.connected()).toEqual(idsOf(first));
    expect(node.notices.filter(({ kind }) => kind === "warning")).toEqual([
      { kind: "warning", node: "peers.example", message: "Peers cannot be looked up: no answer" },
    ]);
    hosts = ["127.0.0.1", "127.0.0.3"];
    await eventually(() =>
      expect(node.transport.peers().map(({ address }) => address)).toContain(`127.0.0.3:${first.port}`),
    );
    hosts = ["127.0.0.1"];
    await eventually(() => expect(node.transport.peers().map(({ id }) => id)).toEqual(idsOf(first)));
  });

  it("are those of a table, in which each node puts where it can be dialed", async () => {
    const table = new Map<string, string>();
    const listPeers = async (): Promise<readonly string[]> => ["", "not an address", ...table.values()];
    const nodes: MeshNode[] = [];
    for (const id of ["a", "b", "c"]) {
      const node = await meshNode({ nodeId: id, listPeers, lookupMs: 100 });
      table.set(id, node.transport.advertisedAddress as string);
      nodes.push(node);
    }
    for (const node of nodes) {
      await eventually(() =>
        expect(node.connected()).toEqual(["a", "b", "c"].filter((id) => id !== node.transport.nodeId)),
      );
    }
    table.delete("c");
    await nodes[2]?.transport.close();
    await eventually(() => expect(nodes[0]?.connected()).toEqual(["b"]));
    expect(nodes[0]?.notices.filter(({ kind }) => kind === "warning")).toEqual([]);
  });

  it("can be dialed where a node that listens everywhere says that it is", async () => {
    const node = await meshNode({ host: "0.0.0.0", token: "t" });
    const other = await meshNode({ token: "t", peers: [node.transport.advertisedAddress as string] });
    await eventually(() => expect(other.connected()).toEqual(idsOf(node)));
    expect(node.transport.advertisedAddress).not.toMatch(/^0\.0\.0\.0/);
  });
});
