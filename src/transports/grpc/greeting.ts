import type { Hello } from "./wire/hello.ts";

/** Version of the protocol that is spoken here: that of `coherence.proto`, version 1. */
export const PROTOCOL_VERSION = 1;

/** Statuses of gRPC that a refusal may have. */
export const REFUSAL_CODE = { cancelled: 1, failedPrecondition: 9, unauthenticated: 16 } as const;

/** The other end is no node that this one talks to, by its configuration: another attempt will end the same way. */
export class RefusedPeerError extends Error {
  /** A status of gRPC. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "RefusedPeerError";
    this.code = code;
  }
}

/** Nobody answered in the time of a dial, and nobody refused: somebody may be there, and slow, or behind a cut. */
export class SilentPeerError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.name = "SilentPeerError";
  }
}

/**
 * Why there can be no link to who says this; `undefined`: there can. Both speak the smaller of their newest versions, so a node of a newer version is welcome as long as
 * it still speaks ours.
 */
export function findObstacle(hello: Hello, cluster: string): RefusedPeerError | undefined {
  const { failedPrecondition } = REFUSAL_CODE;
  if (hello.cluster !== cluster) {
    return new RefusedPeerError(
      failedPrecondition,
      `it belongs to the cluster "${hello.cluster}", not to "${cluster}"`,
    );
  }
  if (hello.oldestVersion > PROTOCOL_VERSION || hello.newestVersion < PROTOCOL_VERSION) {
    const spoken = `${hello.oldestVersion} to ${hello.newestVersion}`;
    return new RefusedPeerError(
      failedPrecondition,
      `it speaks the versions ${spoken} of the protocol, and this node speaks version ${PROTOCOL_VERSION}`,
    );
  }
  return undefined;
}

/**
 * Where a node is, for people to read: what it says, or, when it only knows its port, the host that it was met at.
 *
 * @param remote the address that was dialed, or that the node came from
 */
export function readableAddress(hello: Hello, remote: string): string {
  if (!hello.address.startsWith(":")) return hello.address === "" ? remote : hello.address;
  return remote.replace(/:\d+$/, "") + hello.address;
}
