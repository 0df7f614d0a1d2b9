import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import type { RedisCallKind } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import type { RedisScript } from "../../clients/redis/redis-script.ts";
import type { EntryChange } from "./entry-item.ts";
import { RECORD_HEAD_BYTES } from "./record.ts";
import { dataKey } from "./redis-key-layout.ts";
import type { CallTag, ScriptCall } from "./script-call.ts";
import { applyScript } from "./scripts/apply-script.ts";
import { LARGE_RECORD_BYTES, STAGED_BYTES } from "./scripts/set-script.ts";
import { staleText, ttlText } from "./ttl-text.ts";
import { valueBytes } from "./value-bytes.ts";

/** Reads a whole record that a script handed out as a live entry. */
export type ReadRecord = (record: Buffer, shard: number) => StoredEntry | undefined;

/** What a write needs besides itself. */
export interface SetChangeParts {
  readonly operation: string;
  /** Its tags; with marks where the script cannot look them up. */
  readonly tags: readonly CallTag[];
  /** One of its tags was invalidated since the write's stamp: only look what is there. */
  readonly isRefused: boolean;
  readonly readRecord: ReadRecord;
}

/** Writes an entry. */
export class SetChange implements EntryChange<WriteResult> {
  readonly operation: string;
  readonly script: RedisScript = applyScript;
  readonly kind: RedisCallKind = "write";
  readonly sizeBytes: number;
  readonly #write: EntryWrite;
  readonly #payload: Buffer;
  readonly #parts: SetChangeParts;

  /** @throws EntryTooLargeError */
  constructor(write: EntryWrite, parts: SetChangeParts) {
    this.operation = parts.operation;
    this.#write = write;
    this.#payload = valueBytes(write.value);
    this.#parts = parts;
    this.sizeBytes = this.#payload.length;
  }

  get isSimple(): boolean {
    const { condition, returnPrevious, staleMs = 0 } = this.#write;
    const { tags, isRefused } = this.#parts;
    return condition === undefined && returnPrevious !== true && staleMs <= 0 && tags.length === 0 && !isRefused;
  }

  addTo(call: ScriptCall, shard: number, key: string, verdict: string): void {
    const ttl = ttlText(this.#write.ttlMs);
    call.addKey(dataKey(shard, key));
    if (!this.isSimple) {
      call.addArgument(call.itemStart("C", shard, key) + ttl + this.#questions(call, verdict));
      call.addArgument(this.#payload);
    } else if (this.sizeBytes < LARGE_RECORD_BYTES) {
      call.addArgument(call.itemStart("S", shard, key) + ttl);
      call.addArgument(this.#payload);
    } else {
      const record = withRoomForHead(this.#payload);
      const staged = this.sizeBytes < STAGED_BYTES ? undefined : call.stage(shard, record);
      call.addArgument(call.itemStart(staged === undefined ? "L" : "T", shard, key) + ttl);
      call.addArgument(staged ?? record);
    }
  }

  #questions(call: ScriptCall, verdict: string): string {
    const { condition, returnPrevious, staleMs, tagsUnchangedSince } = this.#write;
    const { tags, isRefused } = this.#parts;
    const expected = condition?.kind === "version" ? condition.version : 0;
    const kind = condition === undefined ? "-" : condition.kind === "absent" ? "a" : "v";
    const previous = returnPrevious === true ? 1 : 0;
    return ` ${staleText(staleMs)} ${isRefused ? "x" : kind} ${expected} ${previous} ${verdict} ${tagsUnchangedSince ?? "-"} ${call.tagPlaces(tags)}`;
  }

  read(reply: RedisReply, shard: number): WriteResult {
    if (!Array.isArray(reply)) return { stored: true, version: Number(reply) };
    const [status, version, record] = reply as unknown as readonly [number, number, Buffer?];
    const result: WriteResult = { stored: status === 1, version: Number(version) };
    const previous = Buffer.isBuffer(record) ? this.#parts.readRecord(record, shard) : undefined;
    return previous === undefined ? result : { ...result, previous };
  }
}

function withRoomForHead(payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + payload.length);
  record.fill(0, 0, RECORD_HEAD_BYTES);
  record.set(payload, RECORD_HEAD_BYTES);
  return record;
}

const readFlag = (reply: RedisReply): boolean => reply === 1;

/** Removes an entry. */
export function deleteChange(operation: string): EntryChange<boolean> {
  return {
    operation,
    script: applyScript,
    kind: "write",
    isSimple: false,
    sizeBytes: 0,
    addTo(call, shard, key, verdict) {
      call.addKey(dataKey(shard, key));
      call.addArgument(call.itemStart("D", shard, key) + verdict);
    },
    read: readFlag,
  };
}

/** Gives an entry another end. */
export function expireChange(ttlMs: number): EntryChange<boolean> {
  return {
    operation: "expire",
    script: applyScript,
    kind: "write",
    isSimple: false,
    sizeBytes: 0,
    addTo(call, shard, key, verdict) {
      call.addKey(dataKey(shard, key));
      call.addArgument(`${call.itemStart("E", shard, key)}${ttlText(ttlMs)} ${verdict}`);
    },
    read: readFlag,
  };
}
