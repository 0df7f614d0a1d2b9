import { systemClock } from "../../foundation/clock.ts";
import { systemScheduler } from "../../foundation/scheduler.ts";
import { dialLink } from "./dial-link.ts";
import type { DialedSockets } from "./dialed-sockets.ts";
import { PROTOCOL_VERSION } from "./greeting.ts";
import { loadGrpc } from "./grpc-library.ts";
import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";
import type { Hello } from "./wire/hello.ts";

/**
 * Asks at an address whether a node is there that would let this one in. Both show and check what they do before any link (certificates, token, cluster, versions), but no link comes of it: the node
 * there tells nobody, and its caches learn of no other node.
 *
 * @param settings as of a transport; `dialTimeoutMs` is how long it may take
 * @param serverName name that the certificate must carry, unless the settings have one
 * @returns what the node says of itself
 * @throws RefusedPeerError for a node that is not to be talked to, by its configuration or this one's; Error for everything else; DependencyError
 */
export async function visitNode(
  settings: GrpcTransportSettings,
  address: string,
  serverName: string | undefined,
): Promise<Hello> {
  const library = await loadGrpc();
  const openSockets = new Set<DialedSockets>();
  const { nodeId, cluster, advertisedAddress = "" } = settings;
  const versions = { newestVersion: PROTOCOL_VERSION, oldestVersion: PROTOCOL_VERSION };
  const hello: Hello = {
    ...{ ...versions, nodeId, cluster, address: advertisedAddress },
    ...{ dialNumber: 1, endedLink: undefined, isVisit: true },
  };
  const plan = { library, settings, clock: systemClock, scheduler: systemScheduler, address, serverName };
  try {
    return await new Promise<Hello>((resolve, reject) => {
      dialLink({
        ...{ ...plan, openSockets, hello, onFailed: reject },
        onGreeted: (link, answer) => {
          link.abort(undefined);
          resolve(answer);
        },
      });
    });
  } finally {
    for (const sockets of [...openSockets]) sockets.destroy();
  }
}
