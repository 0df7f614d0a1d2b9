import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { DialedSockets } from "./dialed-sockets.ts";
import { findObstacle, REFUSAL_CODE, RefusedPeerError, SilentPeerError } from "./greeting.ts";
import { clientOptions, LINK_PATH } from "./grpc-channel-options.ts";
import { clientCredentials } from "./grpc-credentials.ts";
import type { GrpcLibrary, GrpcStatusError } from "./grpc-library.ts";
import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";
import { Link, type LinkListener } from "./link.ts";
import { acceptProof, dialProof, isSameProof, PROOF_HEADER } from "./token-proof.ts";
import { encodeHello, type Frame } from "./wire/frame.ts";
import type { Hello } from "./wire/hello.ts";

/** A timer that is later than this was due in a time in which this process stood still, in ms. */
const LATE_MS = 100;
/** Of a dial's time: so much more it may take in all, where this process stood still. */
const PATIENCE_RATIO = 2;

/** What a dial needs. */
export interface DialPlan {
  readonly library: GrpcLibrary;
  readonly settings: GrpcTransportSettings;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
  /** Where to; as `ADDRESS` of the configuration. */
  readonly address: string;
  /** Name that the certificate must carry, unless the settings name one. */
  readonly serverName: string | undefined;
  /** Where the sockets of dials are noted while there are any. */
  readonly openSockets: Set<DialedSockets>;
  /** What is said first. */
  readonly hello: Hello;
  /** The other end answered. Its frames are the listener's from this call on. Called once at most. */
  readonly onGreeted: (link: Link, hello: Hello) => void;
  /** There will be no link. Called once at most, and not after `onGreeted`. */
  readonly onFailed: (error: Error) => void;
}

/** A dial that can be given up. */
export interface Dial {
  /** Whether the other end has accepted a connection: somebody listens there, however long the answer takes. False with a version of the library that does not show it. */
  readonly isAccepted: boolean;
  /** Gives the dial up; nothing is told any more. Without effect once it is greeted. */
  cancel(): void;
}

/** Opens a link. One of the plan's functions is called later, never in this call. */
export function dialLink(plan: DialPlan): Dial {
  const dialing = new Dialing(plan);
  void dialing.run();
  return dialing;
}

class Dialing implements Dial, LinkListener {
  readonly #plan: DialPlan;
  #isSettled = false;
  #isGreeted = false;
  #link: Link | undefined;
  #sockets: DialedSockets | undefined;
  #proof: unknown;
  #timer: ScheduledTask | undefined;

  constructor(plan: DialPlan) {
    this.#plan = plan;
  }

  get isAccepted(): boolean {
    return this.#sockets?.areThere === true;
  }

  async run(): Promise<void> {
    const { library, settings } = this.#plan;
    const { dialTimeoutMs } = settings;
    this.#arm(dialTimeoutMs, dialTimeoutMs * PATIENCE_RATIO);
    try {
      const credentials = await clientCredentials(library, settings.tls);
      if (!this.#isSettled) this.#open(credentials);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  cancel(): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#link?.abort(undefined);
  }

  onFrame(frame: Frame): void {
    if (this.#isSettled) return;
    if (frame.kind === "hello") this.#hear(frame.hello);
    else this.#fail(new Error("it does not begin with a hello"));
  }

  onDrain(): void {
    // Nothing waits before the hellos.
  }

  onEnded(error: Error | undefined): void {
    this.#fail(refusalOf(error) ?? error ?? new Error("it ended the connection without a word"));
  }

  /** Nobody's silence is judged by the time in which this process stood still itself: what the other end said waits unread. */
  #arm(delayMs: number, patienceMs: number): void {
    const { clock, scheduler, settings } = this.#plan;
    const dueAtMs = clock.monotonicMs() + delayMs;
    this.#timer = scheduler.after(delayMs, () => {
      const lateMs = clock.monotonicMs() - dueAtMs;
      const moreMs = lateMs > LATE_MS ? Math.min(lateMs, patienceMs) : 0;
      if (moreMs > 0) this.#arm(moreMs, patienceMs - moreMs);
      else this.#fail(new SilentPeerError(settings.dialTimeoutMs));
    });
  }

  #open(credentials: object): void {
    const { library, settings, address, hello, clock, scheduler, openSockets } = this.#plan;
    const serverName = settings.tls === undefined ? undefined : (settings.tls.serverName ?? this.#plan.serverName);
    const sockets = new DialedSockets(credentials, scheduler, () => openSockets.delete(sockets));
    openSockets.add(sockets);
    this.#sockets = sockets;
    const client = new library.Client(targetOf(address), sockets.credentials, clientOptions(settings, serverName));
    const metadata = new library.Metadata();
    if (settings.token !== undefined) metadata.set(PROOF_HEADER, dialProof(settings.token, hello.nodeId));
    const stream = client.makeBidiStreamRequest(LINK_PATH, asIs, asIs, metadata);
    stream.on("metadata", (headers) => {
      this.#proof = headers.get(PROOF_HEADER)[0];
    });
    const abandon = (): void => {
      stream.cancel();
      client.close();
      // Nobody has answered: there is nothing to say goodbye to.
      if (this.#isGreeted) sockets.destroyLater();
      else sockets.destroy();
    };
    this.#link = new Link({ stream, isDialed: true, remote: address, abandon, clock, scheduler }, this);
    this.#link.send(encodeHello(hello));
  }

  #hear(hello: Hello): void {
    const obstacle = this.#findObstacle(hello);
    if (obstacle !== undefined) {
      this.#fail(obstacle);
      return;
    }
    this.#settle();
    this.#isGreeted = true;
    this.#plan.onGreeted(this.#link as Link, hello);
  }

  #findObstacle(hello: Hello): RefusedPeerError | undefined {
    const { settings, hello: own } = this.#plan;
    const { token, cluster } = settings;
    if (token !== undefined && !isSameProof(acceptProof(token, hello.nodeId, own.nodeId), this.#proof)) {
      return new RefusedPeerError(REFUSAL_CODE.unauthenticated, "it does not know this node's token");
    }
    return findObstacle(hello, cluster);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#timer?.cancel();
  }

  #fail(error: Error): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#link?.abort(undefined);
    this.#plan.onFailed(error);
  }
}

/** The other end's "no", by its status. */
function refusalOf(error: Error | undefined): RefusedPeerError | undefined {
  const { code, details } = (error ?? {}) as Partial<GrpcStatusError>;
  if (code !== REFUSAL_CODE.unauthenticated && code !== REFUSAL_CODE.failedPrecondition) return undefined;
  return new RefusedPeerError(code, `it refuses this node: ${details}`);
}

function asIs(frame: Buffer): Buffer {
  return frame;
}

/** An address as the library's resolvers take it. */
function targetOf(address: string): string {
  if (address.startsWith("/")) return `unix:${address}`;
  return address.startsWith(":") ? `dns:localhost${address}` : `dns:${address}`;
}
