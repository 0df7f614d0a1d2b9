import type { TracerSlot } from "../../events/call-tracer.ts";
import { drained } from "../drained.ts";
import type { ApiMethod, StreamMethod, UnaryMethod } from "./api-method.ts";
import { type ApiServices, CallContext } from "./call-context.ts";
import type { GrpcAuthorize } from "./grpc-access.ts";
import { failureOf, type GrpcFailure, GrpcProblem } from "./grpc-problem.ts";
import type {
  GrpcAnswer,
  GrpcApiMetadata,
  GrpcCallError,
  GrpcHandler,
  GrpcServerCall,
  GrpcStreamCall,
} from "./grpc-server-library.ts";
import { GRPC_STATUS } from "./grpc-status.ts";
import { type CallEnd, describeCall, endCall } from "./traced-call.ts";

/** What calls are carried out with. */
export interface CallRunnerParts {
  readonly services: ApiServices;
  readonly authorize: GrpcAuthorize;
  /** Who traces the cache, and calls with it. */
  readonly tracing: TracerSlot;
  readonly createMetadata: () => GrpcApiMetadata;
  /** Most calls of the cache at a time. */
  readonly maxRunningCallCount: number;
  /** How long a caller may leave a stream unread, in ms. */
  readonly stallTimeoutMs: number;
  /** Told of defects. */
  readonly onError: (error: unknown) => void;
}

/** Told how a call ended; `undefined`: nobody wants to know. */
type OnEnd = ((end: CallEnd) => void) | undefined;

/** Carries out the calls of one API: who may, how many at a time, and how each ends. */
export class CallRunner {
  readonly #parts: CallRunnerParts;
  #runningCount = 0;

  constructor(parts: CallRunnerParts) {
    this.#parts = parts;
  }

  /** Calls of the cache that run now. */
  get runningCount(): number {
    return this.#runningCount;
  }

  /**
   * The method as the library calls it. It never throws, and what it begins never rejects: either would end the process.
   *
   * @param name with its service
   */
  handlerOf(method: ApiMethod, name: string): GrpcHandler {
    const carryOut = (call: GrpcStreamCall, answer: GrpcAnswer, onEnd: OnEnd): Promise<void> | undefined =>
      method.kind === "unary" ? this.#answer(method, call, answer, onEnd) : this.#stream(method, call, onEnd);
    const { tracing } = this.#parts;
    return (call, answer) => {
      const span = tracing.current?.startRequest(describeCall(name, method.isCounted, call));
      if (span === undefined) void carryOut(call, answer, undefined);
      // What is returned says how long the span is the parent of what happens.
      else void span.run(() => carryOut(call, answer, (end) => endCall(span, end)));
    };
  }

  /** How a call ends with an error. Defects are told. */
  toCallError(error: unknown): GrpcCallError {
    return this.#refuse(failureOf(error), error);
  }

  #refuse({ status, code, details, isDefect }: GrpcFailure, error: unknown): GrpcCallError {
    if (isDefect) this.#parts.onError(error);
    const metadata = this.#parts.createMetadata();
    metadata.set("gocachex-code", code);
    return { code: status, details, metadata };
  }

  #answer(method: UnaryMethod, call: GrpcStreamCall, answer: GrpcAnswer, onEnd: OnEnd): Promise<void> | undefined {
    try {
      this.#admit(method, call);
    } catch (error) {
      answer(this.#fail(error, onEnd));
      return undefined;
    }
    const context = new CallContext(this.#parts.services, call);
    return method
      .run(call.request, context)
      .then(
        (bytes) => {
          this.#leave(method);
          context.answered();
          onEnd?.(call.cancelled ? "left" : "ok");
          answer(null, bytes);
        },
        (error: unknown) => {
          this.#leave(method);
          // Nobody waits: it was the caller that ended it, and what that did is no defect.
          if (call.cancelled) onEnd?.("left");
          else answer(this.#fail(error, onEnd));
        },
      )
      .catch(this.#parts.onError);
  }

  #fail(error: unknown, onEnd: OnEnd): GrpcCallError {
    const failure = failureOf(error);
    onEnd?.(failure);
    return this.#refuse(failure, error);
  }

  async #stream(method: StreamMethod, call: GrpcStreamCall, onEnd: OnEnd): Promise<void> {
    call.on("error", () => undefined);
    let isAdmitted = false;
    try {
      this.#admit(method, call);
      isAdmitted = true;
      const { services, stallTimeoutMs } = this.#parts;
      for await (const bytes of method.run(call.request, new CallContext(services, call))) {
        if (!call.write(bytes)) await waitForReader(call, stallTimeoutMs);
      }
      onEnd?.(call.cancelled ? "left" : "ok");
      call.end();
    } catch (error) {
      if (call.cancelled) onEnd?.("left");
      else call.emit("error", this.#fail(error, onEnd));
    } finally {
      if (isAdmitted) this.#leave(method);
    }
  }

  /** @throws GrpcProblem for who may not, and where too many calls run already */
  #admit({ role, isCounted }: ApiMethod, call: GrpcServerCall): void {
    const { authorize, maxRunningCallCount } = this.#parts;
    authorize(call, role);
    if (!isCounted) return;
    if (this.#runningCount >= maxRunningCallCount) {
      throw new GrpcProblem(
        GRPC_STATUS.resourceExhausted,
        `${maxRunningCallCount} calls run already (the node's maxRunningCallCount). Try again later.`,
      );
    }
    this.#runningCount += 1;
  }

  #leave({ isCounted }: ApiMethod): void {
    if (isCounted) this.#runningCount -= 1;
  }
}

/** Waits until the caller has read what was written. @throws GrpcProblem when it has gone, or reads nothing for too long */
async function waitForReader(call: GrpcStreamCall, timeoutMs: number): Promise<void> {
  const how = call.cancelled ? "gone" : await drained(call, timeoutMs);
  if (how === "gone") throw new GrpcProblem(GRPC_STATUS.cancelled, "The caller has gone.");
  if (how === "stalled") throw new GrpcProblem(GRPC_STATUS.aborted, `The caller read nothing for ${timeoutMs} ms.`);
}
