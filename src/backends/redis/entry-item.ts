import type { Caller } from "../../backend/caller.ts";
import type { RedisCallKind } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import type { RedisScript } from "../../clients/redis/redis-script.ts";
import { shardOfKey } from "./redis-key-layout.ts";
import type { ScriptCall } from "./script-call.ts";
import type { ScriptItem } from "./script-writer.ts";

/** What is to be done to one entry, and what its reply means. */
export interface EntryChange<Result> {
  /** What it is, for messages. */
  readonly operation: string;
  readonly script: RedisScript;
  readonly kind: RedisCallKind;
  /** A write that asks nothing. */
  readonly isSimple: boolean;
  /** About what it adds to a call. */
  readonly sizeBytes: number;
  /** Adds keys and arguments. `verdict`: `version 1` or `version 0`, what somebody found about the tags of that version; `0 0` when nobody looked. */
  addTo(call: ScriptCall, shard: number, key: string, verdict: string): void;
  /** The result, of a reply that is no question. Throws what the caller is to be told. */
  read(reply: RedisReply, shard: number): Result;
}

/** Who waits for an item. */
export interface EntryItemOwner<Result> {
  readonly caller: Caller;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Told when an entry's tags decide and the script cannot see them: `record` is the head of the entry with its tags. */
export type AskWhetherLive = (item: EntryItem<unknown>, record: Buffer) => void;

/** A change of one entry, on its way. */
export class EntryItem<Result> implements ScriptItem {
  readonly key: string;
  readonly shard: number;
  /** How often was asked whether the entry lives. */
  askedCount = 0;
  readonly #change: EntryChange<Result>;
  readonly #owner: EntryItemOwner<Result>;
  readonly #ask: AskWhetherLive;
  #verdict = "0 0";

  constructor(key: string, change: EntryChange<Result>, owner: EntryItemOwner<Result>, ask: AskWhetherLive) {
    this.key = key;
    this.shard = shardOfKey(key);
    this.#change = change;
    this.#owner = owner;
    this.#ask = ask;
  }

  get operation(): string {
    return this.#change.operation;
  }

  get script(): RedisScript {
    return this.#change.script;
  }

  get kind(): RedisCallKind {
    return this.#change.kind;
  }

  get isSimple(): boolean {
    return this.#change.isSimple;
  }

  get sizeBytes(): number {
    return this.#change.sizeBytes;
  }

  get caller(): Caller {
    return this.#owner.caller;
  }

  addTo(call: ScriptCall): void {
    this.#change.addTo(call, this.shard, this.key, this.#verdict);
  }

  /** Notes whether the version that was asked about lives; the item is then sent again. */
  judge(version: number, isLive: boolean): void {
    this.#verdict = `${version} ${isLive ? 1 : 0}`;
  }

  settle(reply: RedisReply): void {
    if (Array.isArray(reply) && reply[0] === 2) {
      this.askedCount += 1;
      this.#ask(this as unknown as EntryItem<unknown>, reply[1] as Buffer);
      return;
    }
    try {
      this.#owner.resolve(this.#change.read(reply, this.shard));
    } catch (error) {
      this.#owner.reject(error);
    }
  }

  fail(error: unknown): void {
    this.#owner.reject(error);
  }
}
