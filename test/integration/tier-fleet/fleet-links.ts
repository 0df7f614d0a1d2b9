import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import type { Routes } from "./reroute.ts";

/** Links of one process that lead to places of one kind. */
export interface LinkGroup {
  /** Names of what is done to them begin with it. Empty: the ways to the store. */
  readonly name: "" | "peers: ";
  readonly links: readonly FaultProxy[];
}

/** A proxy on each way from a process to a server, and from one process to another. */
export interface FleetLinks {
  /** Where a process's connections go instead. */
  routesOf(process: number): Routes;
  groupsOf(process: number): readonly LinkGroup[];
  /** Connections that all processes have to a server together. */
  connectionsTo(port: number): number;
  stop(): Promise<void>;
}

/** Between whom there are links. All on this machine. */
export interface FleetLinksPlan {
  readonly processCount: number;
  /** Of the servers, as clients learn them. */
  readonly serverPorts: readonly number[];
  /** Where processes listen for each other; `undefined` for one that does not. */
  readonly peerPorts: readonly (number | undefined)[];
  readonly seed: number;
}

/** Opens them all. */
export async function openFleetLinks(plan: FleetLinksPlan): Promise<FleetLinks> {
  const { processCount, serverPorts, peerPorts } = plan;
  let { seed } = plan;
  const open = async (ports: readonly number[]): Promise<ReadonlyMap<number, FaultProxy>> => {
    const proxies = new Map<number, FaultProxy>();
    for (const port of ports) {
      seed += 1;
      proxies.set(port, await startFaultProxy({ target: { host: "127.0.0.1", port }, seed }));
    }
    return proxies;
  };
  const stores: ReadonlyMap<number, FaultProxy>[] = [];
  const peers: ReadonlyMap<number, FaultProxy>[] = [];
  for (let process = 0; process < processCount; process += 1) {
    stores.push(await open(serverPorts));
    const isAlone = peerPorts[process] === undefined;
    const others = peerPorts.filter((port, other) => port !== undefined && other !== process) as readonly number[];
    peers.push(await open(isAlone ? [] : others));
  }
  const portsOf = (proxies: ReadonlyMap<number, FaultProxy> | undefined): Routes =>
    Object.fromEntries([...(proxies ?? [])].map(([port, proxy]) => [port, proxy.port]));
  const group = (name: LinkGroup["name"], proxies: ReadonlyMap<number, FaultProxy> | undefined): LinkGroup => ({
    name,
    links: [...(proxies?.values() ?? [])],
  });
  return {
    routesOf: (process) => ({ ...portsOf(stores[process]), ...portsOf(peers[process]) }),
    groupsOf: (process) =>
      [group("", stores[process]), group("peers: ", peers[process])].filter(({ links }) => links.length > 0),
    connectionsTo: (port) => stores.reduce((sum, proxies) => sum + (proxies.get(port)?.connectionCount() ?? 0), 0),
    stop: async () => {
      await Promise.all([...stores, ...peers].flatMap((proxies) => [...proxies.values()].map((proxy) => proxy.stop())));
    },
  };
}
