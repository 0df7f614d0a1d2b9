import type { ChangeMessage, ClearMessage, CoherenceMessage, TagsMessage } from "../../coherence/coherence-message.ts";
import { ENCODED_UNKNOWN, encodeMessage } from "./wire/encode-message.ts";

/** What is kept of a change beside its bytes, for when there is no room for them. `undefined`: of this one nothing less can be said than that everything may have changed. */
export type ChangeTrace = Pick<ChangeMessage, "kind" | "version" | "home"> | TagsMessage | ClearMessage | undefined;

/** Most tags and paths that are still told by name; with more of them nearly everything is concerned anyway. */
const MAX_TAGS = 256;
const MAX_PATHS = 64;
/** Most characters of them together. */
const MAX_CHARACTERS = 8_192;

/** What of a change has to be kept. */
export function traceOf(message: CoherenceMessage): ChangeTrace {
  if (message.kind === "change") {
    const { kind, version, home } = message;
    return home && { kind, version, home };
  }
  return message.kind === "tags" || message.kind === "clear" ? message : undefined;
}

/**
 * Changes that are told in short: of keys the shards and the largest head of each, of tags and cleared namespaces the names, once each. What cannot be told so makes it all "everything may
 * have changed". At most 65 shards' worth of bytes and 8,192 characters, however many there were.
 */
export class DroppedChanges {
  #isEverything = false;
  #shardCount = 0;
  /** By shard; `undefined`: its head is not known. */
  readonly #heads = new Map<number, number | undefined>();
  readonly #tags = new Set<string>();
  readonly #paths = new Set<string>();
  #characters = 0;

  /** One more is dropped. */
  add(trace: ChangeTrace): void {
    if (this.#isEverything) return;
    if (trace === undefined) this.#isEverything = true;
    else if (trace.kind === "change") this.#addChange(trace);
    else if (trace.kind === "tags") for (const tag of trace.tags) this.#addName(this.#tags, tag, MAX_TAGS);
    else this.#addName(this.#paths, trace.path, MAX_PATHS);
  }

  /** All of them, encoded as `encodeMessage` does. */
  encode(): readonly Buffer[] {
    if (this.#isEverything) return [ENCODED_UNKNOWN];
    const messages: Buffer[] = [];
    if (this.#heads.size > 0) {
      const shards = [...this.#heads].map(([shard, head]) => ({ shard, head }));
      messages.push(encodeMessage({ kind: "dirty", shardCount: this.#shardCount, shards }));
    }
    if (this.#tags.size > 0) {
      const tags = [...this.#tags];
      messages.push(encodeMessage({ kind: "tags", tags, number: undefined, previousNumber: undefined }));
    }
    for (const path of this.#paths) messages.push(encodeMessage({ kind: "clear", path, heads: [] }));
    return messages;
  }

  #addChange({ version, home }: Pick<ChangeMessage, "version" | "home">): void {
    if (home === undefined || (this.#shardCount !== 0 && this.#shardCount !== home.shardCount)) {
      this.#isEverything = true;
      return;
    }
    const { shard, shardCount } = home;
    this.#shardCount = shardCount;
    const head = this.#heads.get(shard);
    if (version === undefined || (this.#heads.has(shard) && head === undefined)) this.#heads.set(shard, undefined);
    else if (head === undefined || version > head) this.#heads.set(shard, version);
  }

  #addName(names: Set<string>, name: string, maxCount: number): void {
    if (names.has(name)) return;
    names.add(name);
    this.#characters += name.length;
    if (names.size > maxCount || this.#characters > MAX_CHARACTERS) this.#isEverything = true;
  }
}
