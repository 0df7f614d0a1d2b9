import { CodecFault } from "./codec-fault.ts";
import { createGobSerializer } from "./serializers/gob-serializer.ts";
import { createJsonSerializer } from "./serializers/json-serializer.ts";
import { createMsgpackSerializer } from "./serializers/msgpack-serializer.ts";
import type { Serializer } from "./serializers/serializer.ts";
import { V8_SERIALIZER } from "./serializers/v8-serializer.ts";

/** Which serializer reads which kind of payload: the codec's own, and all of the library's. */
export class PayloadReaders {
  readonly #byKind: ReadonlyMap<number, Serializer>;

  constructor(own: Serializer) {
    const library = [createJsonSerializer(), createMsgpackSerializer(), V8_SERIALIZER, createGobSerializer()];
    this.#byKind = new Map([...library, own].flatMap((each) => each.kinds.map((kind) => [kind, each] as const)));
  }

  /** @throws CodecFault `unknown-serializer` */
  find(kind: number): Serializer {
    const serializer = this.#byKind.get(kind);
    if (serializer === undefined) throw new CodecFault("unknown-serializer", `a value of the kind ${kind}`);
    return serializer;
  }
}
