import type { RouteRole } from "../role.ts";
import type { CallContext } from "./call-context.ts";
import type { MessageCodec } from "./message-codec.ts";

/** A method with one answer. */
export interface UnaryMethod {
  readonly kind: "unary";
  readonly name: string;
  /** Role that callers need. */
  readonly role: RouteRole;
  /** Whether it is a call of the cache, of which there may be so many at a time. */
  readonly isCounted: boolean;
  /** From the request's bytes to the answer's. */
  readonly run: (request: Buffer, context: CallContext) => Promise<Buffer>;
}

/** A method with a stream of answers. */
export interface StreamMethod {
  readonly kind: "stream";
  readonly name: string;
  readonly role: RouteRole;
  readonly isCounted: boolean;
  readonly run: (request: Buffer, context: CallContext) => AsyncIterable<Buffer>;
}

/** A method of the API. */
export type ApiMethod = UnaryMethod | StreamMethod;

/** What both ends of a method say. */
export interface MethodMessages<Request, Answer> {
  readonly name: string;
  readonly role: RouteRole;
  readonly request: MessageCodec<Request>;
  readonly answer: MessageCodec<Answer>;
  /** Default: true. */
  readonly isCounted?: boolean;
}

/** Defines a method with one answer. */
export function unaryMethod<Request, Answer>(
  { name, role, request, answer, isCounted = true }: MethodMessages<Request, Answer>,
  handle: (request: Request, context: CallContext) => Promise<Answer>,
): UnaryMethod {
  const run = async (bytes: Buffer, context: CallContext): Promise<Buffer> =>
    answer.encode(await handle(request.decode(bytes), context));
  return { kind: "unary", name, role, isCounted, run };
}

/** Defines a method with a stream of answers. */
export function streamMethod<Request, Answer>(
  { name, role, request, answer, isCounted = true }: MethodMessages<Request, Answer>,
  handle: (request: Request, context: CallContext) => AsyncIterable<Answer>,
): StreamMethod {
  async function* run(bytes: Buffer, context: CallContext): AsyncIterable<Buffer> {
    for await (const message of handle(request.decode(bytes), context)) yield answer.encode(message);
  }
  return { kind: "stream", name, role, isCounted, run };
}
