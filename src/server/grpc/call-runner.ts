import type { ApiMethod, StreamMethod, UnaryMethod } from "./api-method.ts";
import { type ApiServices, CallContext } from "./call-context.ts";
import type { GrpcAuthorize } from "./grpc-access.ts";
import { failureOf, GrpcProblem } from "./grpc-problem.ts";
import type {
  GrpcAnswer,
  GrpcApiMetadata,
  GrpcCallError,
  GrpcHandler,
  GrpcServerCall,
  GrpcStreamCall,
} from "./grpc-server-library.ts";
import { GRPC_STATUS } from "./grpc-status.ts";

/** What calls are carried out with. */
export interface CallRunnerParts {
  readonly services: ApiServices;
  readonly authorize: GrpcAuthorize;
  readonly createMetadata: () => GrpcApiMetadata;
  /** Most calls of the cache at a time. */
  readonly maxRunningCallCount: number;
  /** How long a caller may leave a stream unread, in ms. */
  readonly stallTimeoutMs: number;
  /** Told of defects. */
  readonly onError: (error: unknown) => void;
}

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

  /** The method as the library calls it. It never throws, and what it begins never rejects: either would end the process. */
  handlerOf(method: ApiMethod): GrpcHandler {
    if (method.kind === "unary") return (call, answer) => this.#answer(method, call, answer);
    return (call) => void this.#stream(method, call);
  }

  /** How a call ends with an error. Defects are told. */
  toCallError(error: unknown): GrpcCallError {
    const { status, code, details, isDefect } = failureOf(error);
    if (isDefect) this.#parts.onError(error);
    const metadata = this.#parts.createMetadata();
    metadata.set("gocachex-code", code);
    return { code: status, details, metadata };
  }

  #answer(method: UnaryMethod, call: GrpcStreamCall, answer: GrpcAnswer): void {
    try {
      this.#admit(method, call);
    } catch (error) {
      answer(this.toCallError(error));
      return;
    }
    const context = new CallContext(this.#parts.services, call);
    method
      .run(call.request, context)
      .then(
        (bytes) => {
          this.#leave(method);
          context.answered();
          answer(null, bytes);
        },
        (error: unknown) => {
          this.#leave(method);
          // Nobody waits: it was the caller that ended it, and what that did is no defect.
          if (!call.cancelled) answer(this.toCallError(error));
        },
      )
      .catch(this.#parts.onError);
  }

  async #stream(method: StreamMethod, call: GrpcStreamCall): Promise<void> {
    call.on("error", () => undefined);
    let isAdmitted = false;
    try {
      this.#admit(method, call);
      isAdmitted = true;
      const { services, stallTimeoutMs } = this.#parts;
      for await (const bytes of method.run(call.request, new CallContext(services, call))) {
        if (!call.write(bytes)) await drained(call, stallTimeoutMs);
      }
      call.end();
    } catch (error) {
      if (!call.cancelled) call.emit("error", this.toCallError(error));
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
function drained(call: GrpcStreamCall, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      call.off("drain", onDrain);
      call.off("close", onClose);
    };
    const onDrain = (): void => {
      end();
      resolve();
    };
    const onClose = (): void => {
      end();
      reject(new GrpcProblem(GRPC_STATUS.cancelled, "The caller has gone."));
    };
    const timer = setTimeout(() => {
      end();
      reject(new GrpcProblem(GRPC_STATUS.aborted, `The caller read nothing for ${timeoutMs} ms.`));
    }, timeoutMs);
    call.on("drain", onDrain);
    call.on("close", onClose);
    if (call.cancelled) onClose();
  });
}
