import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";

/** Headers of a call. */
export interface GrpcMetadata {
  set(key: string, value: string | Buffer): void;
  get(key: string): readonly (string | Buffer)[];
}

/** What both sides of a call can do. Objects are frames. */
export interface GrpcStream {
  write(frame: Buffer): boolean;
  end(): unknown;
  on(event: "data", listener: (frame: Buffer) => void): unknown;
  on(event: "metadata", listener: (metadata: GrpcMetadata) => void): unknown;
  on(event: "error", listener: (error: GrpcStatusError) => void): unknown;
  on(event: "status", listener: (status: { readonly code: number; readonly details: string }) => void): unknown;
  on(event: "drain" | "end" | "close" | "cancelled", listener: () => void): unknown;
}

/** How a call ended, when not well. */
export interface GrpcStatusError extends Error {
  readonly code: number;
  readonly details: string;
}

/** Who dialed. */
export interface GrpcDialedStream extends GrpcStream {
  cancel(): void;
}

/** Who was dialed. */
export interface GrpcAcceptedStream extends GrpcStream {
  readonly metadata: GrpcMetadata;
  getPeer(): string;
  sendMetadata(metadata: GrpcMetadata): void;
  getAuthContext(): { readonly sslPeerCertificate?: unknown } | null;
  /** Ends the call with a status. */
  emit(event: "error", error: { readonly code: number; readonly details: string }): boolean;
}

/** Connections to one address. */
export interface GrpcClient {
  makeBidiStreamRequest(
    path: string,
    serialize: (frame: Buffer) => Buffer,
    deserialize: (frame: Buffer) => Buffer,
    metadata: GrpcMetadata,
  ): GrpcDialedStream;
  close(): void;
}

/** Listens. */
export interface GrpcServer {
  addService(definition: object, implementation: Readonly<Record<string, (stream: GrpcAcceptedStream) => void>>): void;
  bindAsync(address: string, credentials: object, callback: (error: Error | null, port: number) => void): void;
  forceShutdown(): void;
}

/** The library, as far as it is used. */
export interface GrpcLibrary {
  readonly Client: new (address: string, credentials: object, options: object) => GrpcClient;
  readonly Server: new (options: object) => GrpcServer;
  readonly Metadata: new () => GrpcMetadata;
  readonly credentials: {
    createInsecure(): object;
    createSsl(rootCerts: Buffer | null, privateKey: Buffer | null, certChain: Buffer | null): object;
  };
  readonly ServerCredentials: {
    createInsecure(): object;
    createSsl(
      rootCerts: Buffer | null,
      pairs: readonly { readonly private_key: Buffer; readonly cert_chain: Buffer }[],
      checksClients: boolean,
    ): object;
  };
}

const DEPENDENCY: OptionalDependency<GrpcLibrary> = {
  name: "@grpc/grpc-js",
  purpose: "The gRPC transport",
  range: "^1.14.7",
  load: async () => (await import("@grpc/grpc-js")) as unknown as GrpcLibrary,
};

/** Loads the library. @throws DependencyError when it is not installed */
export function loadGrpc(): Promise<GrpcLibrary> {
  return loadDependency(DEPENDENCY);
}
