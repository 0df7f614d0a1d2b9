import { Buffer } from "node:buffer";
import type { OptionalDependency } from "../../../foundation/optional-dependency.ts";
import { OTEL_API } from "../otel-api.ts";
import type { SendFailure, SpanPost, SpanPostOptions } from "./span-post.ts";

/** The package `@grpc/grpc-js`, as far as it is used. */
export interface GrpcSdk {
  /** Connections. */
  readonly Client: new (
    address: string,
    credentials: object,
  ) => GrpcUnaryClient;
  /** Headers. */
  readonly Metadata: new () => { set(name: string, value: string): void };
  /** Whether it is encrypted. */
  readonly credentials: { createInsecure(): object; createSsl(): object };
}

interface GrpcUnaryClient {
  makeUnaryRequest(
    path: string,
    serialize: (body: Buffer) => Buffer,
    deserialize: (body: Buffer) => Buffer,
    body: Buffer,
    metadata: object,
    callback: (error: (Error & { readonly code: number; readonly details: string }) | null) => void,
  ): { cancel(): void };
  close(): void;
}

/** The package as an optional dependency. */
export const GRPC_SDK: OptionalDependency<GrpcSdk> = {
  name: "@grpc/grpc-js",
  purpose: OTEL_API.purpose,
  range: "^1.14.7",
  load: async () => (await import("@grpc/grpc-js")) as unknown as GrpcSdk,
};

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/**
 * Statuses after which the request may be sent again: cancelled, deadline exceeded, resource exhausted, aborted, out of range, unavailable, data loss.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-response
 */
const REPEATED: ReadonlySet<number> = new Set([1, 4, 8, 10, 11, 14, 15]);

/** Posts spans over gRPC. */
export class GrpcPost implements SpanPost {
  readonly #client: GrpcUnaryClient;
  readonly #metadata: object;

  constructor({ url, headers }: SpanPostOptions, { Client, Metadata, credentials }: GrpcSdk) {
    const { protocol, host } = new URL(url);
    this.#client = new Client(host, protocol === "https:" ? credentials.createSsl() : credentials.createInsecure());
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    this.#metadata = metadata;
  }

  post(body: Uint8Array | string, signal: AbortSignal): Promise<SendFailure | undefined> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const bytes = Buffer.from(body as Uint8Array);
      const call = this.#client.makeUnaryRequest(EXPORT, same, same, bytes, this.#metadata, (error) => {
        signal.removeEventListener("abort", onAbort);
        if (error === null) resolve(undefined);
        else if (signal.aborted) reject(signal.reason);
        else resolve({ error: new Error(error.details), mayHelp: REPEATED.has(error.code) });
      });
      const onAbort = (): void => call.cancel();
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  close(): void {
    this.#client.close();
  }
}

function same(body: Buffer): Buffer {
  return body;
}
