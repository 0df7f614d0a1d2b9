import { CodecFault } from "./codec-fault.ts";
import { createGobSerializer } from "./serializers/gob-serializer.ts";
import { createJsonSerializer } from "./serializers/json-serializer.ts";
import { createMsgpackSerializer } from "./serializers/msgpack-serializer.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { V8_SERIALIZER } from "./serializers/v8-serializer.ts";

/** A kind is a byte. */
const KIND_COUNT = 256;

/** Which serializer reads which kind of payload: the codec's own, and all of the library's. */
export class PayloadReaders {
  /** Kinds are small numbers. */
  readonly #byKind: readonly (Serializer | undefined)[];

  constructor(own: Serializer) {
    const library = [createJsonSerializer(), createMsgpackSerializer(), V8_SERIALIZER, createGobSerializer()];
    const byKind: (Serializer | undefined)[] = Array.from({ length: KIND_COUNT });
    for (const each of [...library, own]) for (const kind of each.kinds) byKind[kind] = each;
    this.#byKind = byKind;
  }

  /** @throws CodecFault `unknown-serializer` */
  find(kind: number): Serializer {
    const serializer = this.#byKind[kind];
    if (serializer === undefined) throw new CodecFault("unknown-serializer", `a value of the kind ${kind}`);
    return serializer;
  }
}
