import * as grpc from "@grpc/grpc-js";
import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import { type GrpcApi, startGrpcApi } from "../../../src/server/grpc/grpc-api.ts";
import type { GrpcApiOptions } from "../../../src/server/grpc/grpc-api-options.ts";
import { loadCacheProto } from "../../support/grpc/describe-cache-proto.ts";

/** A message as a library for Protocol Buffers has it: field names of the file, 64-bit numbers as text, enumerations by name. */
export type ProtoMessage = Readonly<Record<string, unknown>>;

/** How a call ended that failed. */
export interface FailedCall {
  readonly status: number;
  readonly details: string;
  /** The trailer `gocachex-code`. */
  readonly code: string | undefined;
}

/** What a call is made with. */
export interface CallSettings {
  readonly token?: string;
  readonly deadlineMs?: number;
  /** Headers besides. */
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>;
}

/** A client that is made of `cache.proto` and a library alone. */
export interface ProtoClient {
  /** Calls a method. Rejects with a {@link FailedCall}. */
  call(method: string, request?: ProtoMessage, settings?: CallSettings): Promise<ProtoMessage>;
  /** Calls a method that answers by a stream. Rejects with a {@link FailedCall}. */
  list(method: string, request?: ProtoMessage, settings?: CallSettings): Promise<ProtoMessage[]>;
  /** Begins a call, to be cancelled. */
  begin(method: string, request: ProtoMessage): { readonly cancel: () => void; readonly ended: Promise<FailedCall> };
  /** Sends bytes as the request. */
  callBytes(method: string, request: Buffer): Promise<ProtoMessage>;
  close(): void;
}

type Methods = Readonly<Record<string, grpc.MethodDefinition<ProtoMessage, ProtoMessage>>>;

const METHODS = loadCacheProto()["gocachex.v1.Cache"] as unknown as Methods;

/** Dials an API. */
export function dialApi(
  address: string,
  credentials: grpc.ChannelCredentials = grpc.credentials.createInsecure(),
  options: grpc.ClientOptions = {},
): ProtoClient {
  const client = new grpc.Client(address, credentials, {
    "grpc.enable_retries": 0,
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  const unary = (
    method: string,
    serialize: (request: never) => Buffer,
    request: unknown,
    settings: CallSettings,
    done: (error: grpc.ServiceError | null, answer?: ProtoMessage) => void,
  ): grpc.ClientUnaryCall => {
    const { path, responseDeserialize } = METHODS[method] as Methods[string];
    return client.makeUnaryRequest(
      path,
      serialize as (request: unknown) => Buffer,
      responseDeserialize,
      request,
      metadataOf(settings),
      optionsOf(settings),
      done,
    );
  };
  const serializeOf = (method: string): ((request: never) => Buffer) =>
    (METHODS[method] as Methods[string]).requestSerialize as (request: never) => Buffer;
  const settle = (
    method: string,
    serialize: (request: never) => Buffer,
    request: unknown,
    settings: CallSettings,
  ): Promise<ProtoMessage> =>
    new Promise((resolve, reject) => {
      unary(method, serialize, request, settings, (error, answer) =>
        error === null ? resolve(answer as ProtoMessage) : reject(toFailedCall(error)),
      );
    });
  return {
    call: (method, request = {}, settings = {}) => settle(method, serializeOf(method), request, settings),
    callBytes: (method, request) => settle(method, (bytes: Buffer) => bytes, request, {}),
    begin(method, request) {
      let call: grpc.ClientUnaryCall | undefined;
      const ended = new Promise<FailedCall>((resolve) => {
        call = unary(method, serializeOf(method), request, {}, (error) =>
          resolve(toFailedCall(error as grpc.ServiceError)),
        );
      });
      return { cancel: () => call?.cancel(), ended };
    },
    list(method, request = {}, settings = {}) {
      const { path, requestSerialize, responseDeserialize } = METHODS[method] as Methods[string];
      const stream = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadataOf(settings),
        optionsOf(settings),
      );
      return new Promise((resolve, reject) => {
        const messages: ProtoMessage[] = [];
        stream.on("data", (message: ProtoMessage) => messages.push(message));
        stream.on("end", () => resolve(messages));
        stream.on("error", (error: grpc.ServiceError) => reject(toFailedCall(error)));
      });
    },
    close: () => client.close(),
  };
}

function metadataOf({ token, headers = [] }: CallSettings): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  for (const [name, value] of headers) metadata.add(name, value);
  return metadata;
}

function optionsOf({ deadlineMs }: CallSettings): grpc.CallOptions {
  return deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
}

function toFailedCall(error: grpc.ServiceError): FailedCall {
  const [code] = error.metadata.get("gocachex-code");
  return { status: error.code, details: error.details, code: code === undefined ? undefined : String(code) };
}

/** An API over a memory cache on a free port, and a client of it. */
export interface RunningApi {
  readonly cache: Cache;
  readonly api: GrpcApi;
  readonly client: ProtoClient;
  /** What `onError` was told. */
  readonly errors: unknown[];
  /** What `onMissing` was told. */
  readonly missing: string[];
  /** Closes all three. Repeatable. */
  close(): Promise<void>;
}

const open = new Set<RunningApi>();

/** Closes what {@link startTestApi} has started. */
export async function closeApis(): Promise<void> {
  await Promise.all([...open].map((running) => running.close()));
}

/** Starts an API, for {@link closeApis} to close. */
export async function startTestApi(options: Partial<GrpcApiOptions> = {}): Promise<RunningApi> {
  const cache = options.cache ?? createCache();
  const errors: unknown[] = [];
  const missing: string[] = [];
  const api = await startGrpcApi({
    port: 0,
    closeTimeoutMs: 1_000,
    onError: (error) => errors.push(error),
    onMissing: (message) => missing.push(message),
    ...options,
    cache,
  });
  const client = dialApi(api.address);
  const running: RunningApi = {
    cache,
    api,
    client,
    errors,
    missing,
    async close() {
      open.delete(running);
      client.close();
      await api.close();
      await cache.close();
    },
  };
  open.add(running);
  return running;
}

/** A value of the kind JSON as a message has it. */
export function jsonValue(value: unknown): ProtoMessage {
  return { data: Buffer.from(JSON.stringify(value)), kind: "CONTENT_KIND_JSON" };
}
