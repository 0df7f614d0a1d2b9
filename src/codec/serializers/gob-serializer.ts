import type { CodecLimits } from "../codec-limits.ts";
import { PAYLOAD_KINDS } from "../envelope/envelope-layout.ts";
import { decodeGob } from "../gob/decode-gob.ts";
import { encodeGob } from "../gob/encode-gob.ts";
import type { GobStruct } from "../gob/value-shape.ts";
import type { CustomSerializer } from "./custom-serializer.ts";
import { publishSerializer } from "./library-serializer.ts";
import type { Payload, Serializer } from "./serializer.ts";

/** How values are written for Go programs. */
export interface GobSerializerOptions {
  /** Structs of the Go programs: plain objects with exactly the properties of one are written as it. Default: none. */
  readonly structs?: readonly GobStruct[] | undefined;
  /**
   * What Go reads a value into: `"concrete"`, a variable of its type, or `"interface"`, a `var v interface{}`. Default: `"concrete"`.
   */
  readonly root?: "concrete" | "interface" | undefined;
}

/** Go's `encoding/gob`, for values that Go programs read and write as well. What it carries, and as what, stands in `docs/design/gob.md`. */
export function createGobSerializer(options: GobSerializerOptions = {}): Serializer {
  const { structs = [], root } = options;
  // Values of structs come back with the names of their properties only where the structs are known.
  const kind = structs.length > 0 ? PAYLOAD_KINDS.gobStructs : PAYLOAD_KINDS.gob;
  return {
    name: "gob",
    kinds: structs.length > 0 ? [kind, PAYLOAD_KINDS.gob] : [kind],
    load: async () => undefined,
    isLoaded: true,
    isText: false,
    serialize: (value: unknown, limits: CodecLimits): Payload => ({
      kind,
      form: "bytes",
      bytes: encodeGob(value, { structs, root, limits }),
    }),
    deserializeBytes: (_kind: number, bytes: Uint8Array, from: number, limits: CodecLimits): unknown =>
      decodeGob(from === 0 ? bytes : bytes.subarray(from), limits, { structs }),
  };
}

/**
 * The serializer `gob` with the structs of the Go programs it shares values with, for `serializer` in the configuration.
 *
 * @example
 * ```ts
 * const user = gobStruct("main.User", { id: { name: "ID", type: "int" }, name: "string" });
 * const serializer = gobSerializer({ structs: [user] });
 * serializer.decode(serializer.encode({ id: 7, name: "Ada" })); // => { id: 7, name: "Ada" }
 * ```
 */
export function gobSerializer(options: GobSerializerOptions = {}): CustomSerializer {
  return publishSerializer(createGobSerializer(options));
}
