import { networkInterfaces } from "node:os";
import { formatServerAddress } from "../../clients/server-address.ts";
import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";

/** What {@link ownAddress} looks at. */
export type NetworkInterfaces = ReturnType<typeof networkInterfaces>;

/** Whether a host stands for every address of this machine, and so for none that others could dial. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/**
 * Where other nodes can dial this one: what the settings say, or the host that it listens on; where that is every address of the machine, the first one that is not the machine's
 * own affair, of version 4 before 6. With several networks that may be the wrong one: then the settings must say it.
 */
export function ownAddress(
  { host, advertisedAddress }: Pick<GrpcTransportSettings, "host" | "advertisedAddress">,
  port: number,
  interfaces: NetworkInterfaces = networkInterfaces(),
): string {
  if (advertisedAddress !== undefined) return advertisedAddress;
  return formatServerAddress({ kind: "tcp", host: isWildcard(host) ? firstAddress(host, interfaces) : host, port });
}

function firstAddress(host: string, interfaces: NetworkInterfaces): string {
  const known = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    // A link-local address says nothing without the link.
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  const first = known.find(({ family }) => family === "IPv4") ?? known.find(() => host === "::");
  return first?.address ?? (host === "::" ? "::1" : "127.0.0.1");
}
