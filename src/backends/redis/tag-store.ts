import type { RedisCallOptions } from "../../clients/redis/redis-client.ts";
import { type RedisReply, RedisServerError } from "../../clients/redis/redis-reply.ts";
import { encodeKeyText } from "./key-text.ts";
import { readNumber, type TagMark } from "./record.ts";
import { translateRedisError } from "./redis-error.ts";
import { TAG_CLOCK_KEY, TAG_PREFIX, TAG_SLOT } from "./redis-key-layout.ts";
import { invalidateTagsScript, stampScript, tagMarksScript } from "./scripts/tag-scripts.ts";
import type { StoreParts } from "./store-parts.ts";
import { TurnQueue } from "./turn-queue.ts";

const READ: RedisCallOptions = { operation: "tags", kind: "read" };
const STAMP: RedisCallOptions = { operation: "stamp", kind: "idempotent-write" };
const INVALIDATE: RedisCallOptions = { operation: "invalidateTags", kind: "idempotent-write" };
/** Tags of one call. */
const MAX_CALL_TAGS = 512;

interface TagQuestion {
  readonly tags: readonly TagMark[];
  readonly resolve: (areCurrent: boolean) => void;
  readonly reject: (error: unknown) => void;
}

interface StampQuestion {
  readonly resolve: (stamp: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Tags in Redis: their marks, their clock. What is asked in one turn is asked once. */
export class TagStore {
  readonly #parts: StoreParts;
  readonly #questions: TurnQueue<TagQuestion>;
  readonly #stamps: TurnQueue<StampQuestion>;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#questions = new TurnQueue((questions) => void this.#answer(questions));
    this.#stamps = new TurnQueue((questions) => void this.#giveStamp(questions));
  }

  /** Whether all of an entry's marks are those of its tags still. */
  areCurrent(tags: readonly TagMark[]): Promise<boolean> {
    return new Promise((resolve, reject) => this.#questions.push({ tags, resolve, reject }));
  }

  /** Marks for entries that are about to be written; makes the missing ones. */
  async marksOf(tags: readonly string[], operation: string): Promise<readonly number[]> {
    const marks: number[] = [];
    for (let start = 0; start < tags.length; start += MAX_CALL_TAGS) {
      const slice = tags.slice(start, start + MAX_CALL_TAGS).map((tag) => encodeKeyText("", tag));
      const options: RedisCallOptions = { operation, kind: "idempotent-write" };
      const reply = await this.#parts.client.runScript(TAG_SLOT, tagMarksScript, [TAG_CLOCK_KEY], slice, options);
      marks.push(...(reply as readonly number[]).map(Number));
    }
    return marks;
  }

  /** A number that no mark so far is larger than, and every one of a later invalidation is. */
  stamp(): Promise<number> {
    return new Promise((resolve, reject) => this.#stamps.push({ resolve, reject }));
  }

  /** Ends what carries the tags. Many tags take several calls, each of which is whole. */
  async invalidate(tags: readonly string[]): Promise<void> {
    const channel = this.#parts.channels.ofTags();
    for (let start = 0; start < tags.length; start += MAX_CALL_TAGS) {
      const slice = tags.slice(start, start + MAX_CALL_TAGS).map((tag) => encodeKeyText("", tag));
      const args = [channel, ...slice];
      await this.#parts.client.runScript(TAG_SLOT, invalidateTagsScript, [TAG_CLOCK_KEY], args, INVALIDATE);
    }
  }

  async #answer(questions: readonly TagQuestion[]): Promise<void> {
    const names = [...new Set(questions.flatMap(({ tags }) => tags.map(({ tag }) => tag)))];
    try {
      const marks = new Map<string, number>();
      const calls: Promise<void>[] = [];
      for (let start = 0; start < names.length; start += MAX_CALL_TAGS) {
        calls.push(this.#readMarks(names.slice(start, start + MAX_CALL_TAGS), marks));
      }
      await Promise.all(calls);
      await this.#makeMissing(names, marks);
      for (const { tags, resolve } of questions) resolve(tags.every(({ tag, mark }) => marks.get(tag) === mark));
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  async #readMarks(names: readonly string[], marks: Map<string, number>): Promise<void> {
    const keys = names.map((tag) => encodeKeyText(TAG_PREFIX, tag));
    const reply = (await this.#parts.client.call(TAG_SLOT, ["MGET", ...keys], READ)) as readonly RedisReply[];
    for (const [index, bytes] of reply.entries()) {
      if (Buffer.isBuffer(bytes) && bytes.length === 8) marks.set(names[index] as string, readNumber(bytes, 0));
    }
  }

  /**
   * Makes the marks that were evicted, or lost by a failover, as a write with those tags would. Without it an entry that nothing has ended is missed until somebody writes with its tag, and is
   * there again then.
   */
  async #makeMissing(names: readonly string[], marks: Map<string, number>): Promise<void> {
    const missing = names.filter((name) => !marks.has(name));
    if (missing.length === 0) return;
    try {
      const made = await this.marksOf(missing, READ.operation);
      for (const [index, name] of missing.entries()) marks.set(name, made[index] as number);
    } catch (error) {
      // A server that is full, or takes no writes, can be read all the same: there they are missed.
      const isRefusal = error instanceof RedisServerError || (error as Error).cause instanceof RedisServerError;
      if (!isRefusal) throw error;
    }
  }

  async #giveStamp(questions: readonly StampQuestion[]): Promise<void> {
    try {
      const reply = await this.#parts.client.runScript(TAG_SLOT, stampScript, [TAG_CLOCK_KEY], [], STAMP);
      for (const { resolve } of questions) resolve(Number(reply));
    } catch (error) {
      const translated = translateRedisError(this.#parts.name, "stamp", error);
      for (const { reject } of questions) reject(translated);
    }
  }
}
