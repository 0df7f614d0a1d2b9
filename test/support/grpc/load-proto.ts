import { loadSync, type MethodDefinition } from "@grpc/proto-loader";

/** A frame as a library for Protocol Buffers has it: field names of `coherence.proto`, numbers as numbers. */
export type ProtoFrame = Readonly<Record<string, unknown>>;

/** The method of `coherence.proto` as a library for Protocol Buffers reads it: an encoding that knows nothing of the package's own. */
export type ProtoMethod = MethodDefinition<object, ProtoFrame>;

/** Reads the published description of the messages. */
export function loadProto(): ProtoMethod {
  const file = new URL("../../../docs/proto/gocachex/coherence/v1/coherence.proto", import.meta.url).pathname;
  const definition = loadSync(file, { longs: Number, keepCase: true, oneofs: true, arrays: true });
  const service = definition["gocachex.coherence.v1.Coherence"] as unknown as { readonly Link: ProtoMethod };
  return service.Link;
}
