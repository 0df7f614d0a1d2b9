import type { Cache } from "../../cache/cache.ts";
import type { HealthProbe } from "../health-probe.ts";
import type { HeldLeases } from "../held-leases.ts";
import { GrpcProblem } from "./grpc-problem.ts";
import type { GrpcServerCall } from "./grpc-server-library.ts";
import { GRPC_STATUS } from "./grpc-status.ts";

/** What the calls of one API share. */
export interface ApiServices {
  readonly cache: Cache;
  readonly health: HealthProbe;
  readonly leases: HeldLeases;
  /** Most keys in a batch. */
  readonly maxBatchKeyCount: number;
}

/** What a method is given. */
export class CallContext {
  readonly services: ApiServices;
  readonly #call: GrpcServerCall;
  #controller: AbortController | undefined;
  #isAnswered = false;

  constructor(services: ApiServices, call: GrpcServerCall) {
    this.services = services;
    this.#call = call;
  }

  /** Aborted when the caller has gone or its deadline has passed. Made when it is asked for. */
  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    const leave = (): void => {
      if (!this.#isAnswered) controller.abort(new GrpcProblem(GRPC_STATUS.cancelled, "The caller has gone."));
    };
    if (this.#call.cancelled) leave();
    else this.#call.on("cancelled", leave);
    return controller.signal;
  }

  /** Says that the answer is on its way: the library reports the end of each call as if its caller had left, those that ended well too. */
  answered(): void {
    this.#isAnswered = true;
  }

  /** Whether nobody waits for the answer any more. */
  get isLeft(): boolean {
    return this.#call.cancelled;
  }

  /**
   * The view of a namespace.
   *
   * @throws GrpcProblem `INVALID_ARGUMENT` for an empty segment; InvalidArgumentError `GCX_ARGUMENT_NAMESPACE`
   */
  view(path: string): Cache {
    let view = this.services.cache;
    if (path === "") return view;
    for (const name of path.split("/")) {
      if (name === "") {
        throw new GrpcProblem(GRPC_STATUS.invalidArgument, 'Each part of a namespace must be named: "a" or "a/b".');
      }
      view = view.namespace(name);
    }
    return view;
  }

  /**
   * Refuses an empty batch, and what is too much for one call.
   *
   * @throws GrpcProblem `INVALID_ARGUMENT`
   */
  assertBatch(count: number): void {
    const { maxBatchKeyCount } = this.services;
    if (count > 0 && count <= maxBatchKeyCount) return;
    throw new GrpcProblem(
      GRPC_STATUS.invalidArgument,
      `A batch has 1 to ${maxBatchKeyCount} keys (the node's maxBatchKeyCount).`,
    );
  }
}
