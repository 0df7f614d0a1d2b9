import type { Clock } from "../../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import { findObstacle, REFUSAL_CODE, RefusedPeerError } from "./greeting.ts";
import type { GrpcAcceptedStream, GrpcLibrary } from "./grpc-library.ts";
import type { GrpcTransportSettings } from "./grpc-transport-settings.ts";
import { Link, type LinkListener } from "./link.ts";
import { acceptProof, dialProof, isSameProof, PROOF_HEADER } from "./token-proof.ts";
import { encodeHello } from "./wire/frame.ts";
import type { Hello } from "./wire/hello.ts";

/** What accepting a link needs. */
export interface AcceptPlan {
  readonly library: GrpcLibrary;
  readonly settings: GrpcTransportSettings;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
  /** What is answered. */
  readonly hello: () => Hello;
  /** Why the other end's certificate will not do; `undefined`: it will. */
  readonly findFlaw: (certificate: unknown) => Error | undefined;
  /** Both ends have said who they are. The link's frames are the listener's from this call on. */
  readonly onGreeted: (link: Link, hello: Hello) => void;
  /** Somebody came who is not let in. */
  readonly onRefused: (remote: string, error: RefusedPeerError) => void;
}

/** Waits for who dialed in to say who it is, and answers. @returns what gives the link up */
export function acceptLink(plan: AcceptPlan, stream: GrpcAcceptedStream): { cancel(): void } {
  return new Accepting(plan, stream);
}

class Accepting implements LinkListener {
  readonly #plan: AcceptPlan;
  readonly #stream: GrpcAcceptedStream;
  readonly #link: Link;
  readonly #timer: ScheduledTask;
  #refusal: RefusedPeerError | undefined;

  constructor(plan: AcceptPlan, stream: GrpcAcceptedStream) {
    const { clock, scheduler, settings } = plan;
    this.#plan = plan;
    this.#stream = stream;
    const abandon = (error: Error | undefined): void => this.#endCall(error);
    this.#link = new Link({ stream, isDialed: false, remote: stream.getPeer(), abandon, clock, scheduler }, this);
    const { dialTimeoutMs } = settings;
    this.#timer = scheduler.after(dialTimeoutMs, () => this.#link.abort(new Error("no hello in time")));
  }

  cancel(): void {
    this.#link.abort(undefined);
  }

  onFrame(frame: Parameters<LinkListener["onFrame"]>[0]): void {
    if (frame.kind === "hello") this.#hear(frame.hello);
    else this.#link.abort(new Error("it does not begin with a hello"));
  }

  #hear(hello: Hello): void {
    this.#timer.cancel();
    const { onRefused, onGreeted, settings, hello: describe } = this.#plan;
    this.#refusal = this.#findRefusal(hello);
    if (this.#refusal !== undefined) {
      onRefused(this.#link.remote, this.#refusal);
      this.#link.abort(this.#refusal);
      return;
    }
    const own = describe();
    const metadata = new this.#plan.library.Metadata();
    if (settings.token !== undefined) {
      metadata.set(PROOF_HEADER, acceptProof(settings.token, own.nodeId, hello.nodeId));
    }
    this.#stream.sendMetadata(metadata);
    this.#link.send(encodeHello(own));
    // Who dialed itself hears so from the answer, and who visits wanted no more than that; the link leads nowhere.
    if (hello.nodeId === own.nodeId || hello.isVisit === true) this.#link.leave();
    else onGreeted(this.#link, hello);
  }

  onDrain(): void {
    // Nothing waits before the hellos.
  }

  onEnded(): void {
    this.#timer.cancel();
  }

  #findRefusal(hello: Hello): RefusedPeerError | undefined {
    const { settings, findFlaw } = this.#plan;
    const { unauthenticated } = REFUSAL_CODE;
    const { token } = settings;
    const shown = this.#stream.metadata.get(PROOF_HEADER)[0];
    // Before anything else: who does not know the token is told nothing.
    if (token !== undefined && !isSameProof(dialProof(token, hello.nodeId), shown)) {
      return new RefusedPeerError(unauthenticated, "it does not know this node's token");
    }
    const flaw = settings.tls && findFlaw(this.#stream.getAuthContext()?.sslPeerCertificate);
    if (flaw) return new RefusedPeerError(unauthenticated, `its certificate will not do: ${flaw.message}`);
    return findObstacle(hello, settings.cluster);
  }

  #endCall(error: Error | undefined): void {
    const code = this.#refusal?.code ?? REFUSAL_CODE.cancelled;
    if (error === undefined) this.#stream.end();
    else this.#stream.emit("error", { code, details: error.message });
  }
}
