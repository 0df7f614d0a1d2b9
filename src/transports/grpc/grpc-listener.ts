import { formatServerAddress } from "../../clients/server-address.ts";
import { NodeError } from "../../foundation/errors.ts";
import { type AcceptPlan, acceptLink } from "./accept-link.ts";
import { CertificateRenewal } from "./certificate-renewal.ts";
import { LINK_PATH, serverOptions } from "./grpc-channel-options.ts";
import { readPemFiles, serverCredentials } from "./grpc-credentials.ts";
import type { GrpcAcceptedStream, GrpcServer } from "./grpc-library.ts";

/** Who listens. */
export interface GrpcListener {
  /** The port that it listens on. */
  readonly port: number;
  /** Ends every connection, and listens no more. */
  stop(): void;
}

/** What listening needs. */
export interface ListenPlan extends AcceptPlan {
  /** Certificates that came into the files will not do; the ones before are used on. */
  readonly onUnrenewed: (error: unknown) => void;
}

const DEFINITION = {
  Link: {
    path: LINK_PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} as const;

/**
 * Listens for other nodes.
 *
 * @throws NodeError `GCX_NODE_LISTEN` when the address is taken or not permitted
 * @throws Error when a certificate cannot be read
 */
export async function startGrpcListener(plan: ListenPlan): Promise<GrpcListener> {
  const { library, settings, scheduler, onUnrenewed } = plan;
  const { tls } = settings;
  const files = tls && (await readPemFiles(tls));
  const credentials = serverCredentials(library, files);
  const server = new library.Server(serverOptions(settings));
  server.addService(DEFINITION, { Link: (stream: GrpcAcceptedStream) => void acceptLink(plan, stream) });
  const { host, port } = settings;
  const boundPort = await bind(server, formatServerAddress({ kind: "tcp", host, port }), credentials);
  const renewal = tls && files && new CertificateRenewal({ tls, files, credentials, scheduler, onFailed: onUnrenewed });
  renewal?.open();
  return {
    port: boundPort,
    stop() {
      renewal?.close();
      server.forceShutdown();
    },
  };
}

function bind(server: GrpcServer, address: string, credentials: object): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, port) => {
      if (cause === null) return resolve(port);
      server.forceShutdown();
      reject(
        new NodeError("GCX_NODE_LISTEN", `This node cannot listen for its peers on ${address}: ${cause.message}`, {
          cause,
        }),
      );
    });
  });
}

function asIs(frame: Buffer): Buffer {
  return frame;
}
