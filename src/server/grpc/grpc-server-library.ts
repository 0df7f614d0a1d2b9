import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";
import type { GrpcStatus } from "./grpc-status.ts";

/** Headers or trailers of a call. */
export interface GrpcApiMetadata {
  set(key: string, value: string): void;
  get(key: string): readonly (string | Buffer)[];
}

/** How a call ends that fails. */
export interface GrpcCallError {
  readonly code: GrpcStatus;
  readonly details: string;
  readonly metadata?: GrpcApiMetadata | undefined;
}

/** What every call has. */
export interface GrpcServerCall {
  readonly metadata: GrpcApiMetadata;
  /** Whether the caller has gone, or its deadline has passed. */
  readonly cancelled: boolean;
  /** Address and port of the caller. */
  getPeer(): string;
  on(event: "cancelled", listener: () => void): unknown;
}

/** A call with one request and one answer. */
export interface GrpcUnaryCall extends GrpcServerCall {
  readonly request: Buffer;
}

/** A call that is answered by a stream. */
export interface GrpcStreamCall extends GrpcUnaryCall {
  write(message: Buffer): boolean;
  end(): unknown;
  emit(event: "error", error: GrpcCallError): boolean;
  on(event: "cancelled" | "close" | "drain" | "end", listener: () => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/** Answers a call with one answer. */
export type GrpcAnswer = (error: GrpcCallError | null, answer?: Buffer) => void;

/** A method as the library calls it. */
export type GrpcHandler = (call: GrpcStreamCall, answer: GrpcAnswer) => void;

/** Where connections are put in. */
export interface GrpcConnectionInjector {
  injectConnection(socket: object): void;
}

/** Serves calls. */
export interface GrpcApiServer {
  addService(definition: object, implementation: Readonly<Record<string, GrpcHandler>>): void;
  createConnectionInjector(credentials: object): GrpcConnectionInjector;
  tryShutdown(callback: (error?: Error) => void): void;
  forceShutdown(): void;
}

/** The library, as far as the API of a node uses it. */
export interface GrpcServerLibrary {
  readonly Server: new (options: Readonly<Record<string, number>>) => GrpcApiServer;
  readonly Metadata: new () => GrpcApiMetadata;
  readonly ServerCredentials: {
    createInsecure(): object;
    createSsl(
      rootCerts: Buffer | null,
      pairs: readonly { readonly private_key: Buffer; readonly cert_chain: Buffer }[],
      checksClients: boolean,
    ): object;
  };
}

const GRPC: OptionalDependency<GrpcServerLibrary> = {
  name: "@grpc/grpc-js",
  purpose: "The gRPC API of a node",
  range: "^1.14.7",
  load: async () => (await import("@grpc/grpc-js")) as unknown as GrpcServerLibrary,
};

/** Loads the library. @throws DependencyError when it is not installed */
export function loadGrpcServer(): Promise<GrpcServerLibrary> {
  return loadDependency(GRPC);
}
