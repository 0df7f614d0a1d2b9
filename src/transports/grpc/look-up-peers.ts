import { formatServerAddress } from "../../clients/server-address.ts";
import type { DnsName } from "./grpc-transport-settings.ts";

/** Asks for all addresses, of version 4 and 6, of a name. */
export type LookupAddresses = (name: string) => Promise<readonly string[]>;

/** The addresses of peers behind a name, as that of a headless service, whose addresses are the nodes that run. */
export async function lookUpPeers({ name, port }: DnsName, lookup: LookupAddresses): Promise<readonly string[]> {
  const hosts = await lookup(name);
  return hosts.map((host) => formatServerAddress({ kind: "tcp", host, port }));
}

/** The platform's look-up: what `getaddrinfo` knows, hosts file and search domains included. */
export async function lookupAddresses(name: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
