import type { Backend, OperationContext } from "../../backend/backend.ts";
import { assertWanted } from "../../backend/caller.ts";
import type { CommitResult, KeyCheck, KeyWrite } from "../../backend/commit.ts";
import type { CounterRequest, CounterResult } from "../../backend/counter.ts";
import type { EntryWrite, StoredEntry, WriteResult } from "../../backend/stored-entry.ts";
import type { RedisArgument, RedisCallKind, RedisCallOptions } from "../../clients/redis/redis-client.ts";
import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import { UnsupportedOperationError } from "../../foundation/errors.ts";
import { settleAll } from "../../foundation/settle-all.ts";
import { operationDigest, readCount } from "./count-change.ts";
import { keysInTurn } from "./keys-in-turn.ts";
import { contentVersion, PlainEntry, PlainWriteResult } from "./plain-entry.ts";
import { assertPlainKey, type PlainKey, plainKey, plainSlotTag } from "./plain-keys.ts";
import { PlainReader } from "./plain-reader.ts";
import { type PlainWriter, SetOperation } from "./plain-writer.ts";
import { translateRedisError } from "./redis-error.ts";
import { KEY_STEM } from "./redis-key-layout.ts";
import { requestLease } from "./redis-leases.ts";
import { plainCommitScript, plainCountScript, plainPersistScript, plainSetScript } from "./scripts/plain-scripts.ts";
import type { StoreParts } from "./store-parts.ts";
import { ttlText } from "./ttl-text.ts";
import { valueBytes } from "./value-bytes.ts";

const MAX_CALL_KEYS = 512;

/** What the plain mode can do. */
export type PlainOperations = Required<
  Pick<
    Backend,
    | "get"
    | "getMulti"
    | "set"
    | "setMulti"
    | "delete"
    | "deleteMulti"
    | "expire"
    | "increment"
    | "commit"
    | "areColocated"
    | "lease"
  >
>;

/** Entries as bytes alone, by the commands that any other client would use. */
export class PlainStore implements PlainOperations {
  readonly #parts: StoreParts;
  readonly #isCluster: boolean;
  readonly #reader: PlainReader;
  readonly #writer: PlainWriter;
  readonly #setting: SetOperation;
  readonly #settingMany: SetOperation;

  constructor(parts: StoreParts, writer: PlainWriter) {
    this.#parts = parts;
    this.#writer = writer;
    this.#setting = new SetOperation(parts.name, "set");
    this.#settingMany = new SetOperation(parts.name, "setMulti");
    this.#isCluster = parts.client.topology === "cluster";
    this.#reader = new PlainReader(parts);
  }

  get(key: string, context: OperationContext): Promise<StoredEntry | undefined> {
    assertWanted(context);
    return new Promise((resolve, reject) => {
      const take = (_: number, entry: StoredEntry | undefined): void => resolve(entry);
      this.#reader.add([key], context.isValueEnough === true, {
        operation: "get",
        caller: context,
        take,
        fail: reject,
      });
    });
  }

  getMulti(keys: readonly string[], context: OperationContext): Promise<ReadonlyArray<StoredEntry | undefined>> {
    assertWanted(context);
    return new Promise((resolve, reject) => {
      const entries: (StoredEntry | undefined)[] = new Array(keys.length);
      let missing = keys.length;
      const take = (place: number, entry: StoredEntry | undefined): void => {
        entries[place] = entry;
        missing -= 1;
        if (missing === 0) resolve(entries);
      };
      const owner = { operation: "getMulti", caller: context, take, fail: reject };
      if (missing === 0) resolve(entries);
      else this.#reader.add(keys, context.isValueEnough === true, owner);
    });
  }

  set(key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> {
    if (write.condition !== undefined || write.returnPrevious === true) return this.#setIf(key, write, context);
    try {
      return this.#setAlways(key, valueBytes(write.value), write.ttlMs, this.#setting, context);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #setIf(key: string, write: EntryWrite, context: OperationContext): Promise<WriteResult> {
    const value = valueBytes(write.value);
    const { redisKey, slot } = plainKey(key, this.#isCluster);
    const { condition } = write;
    const args: RedisArgument[] = [
      value,
      ttlText(write.ttlMs),
      condition === undefined ? "-" : condition.kind === "absent" ? "a" : "v",
      String(condition?.kind === "version" ? condition.version : 0),
      write.returnPrevious === true ? "1" : "0",
    ];
    const reply = await this.#run("set", () =>
      this.#parts.client.runScript(slot, plainSetScript, [redisKey], args, options("set", "write", context)),
    );
    const [status, version, previousValue, remainingMs] = reply as unknown as readonly [
      number,
      number,
      Buffer?,
      number?,
    ];
    const previous = previousValue && this.#entry(previousValue, remainingMs ?? -1);
    if (status === 1) return new PlainWriteResult(value, previous);
    return previous === undefined ? { stored: false, version } : { stored: false, version, previous };
  }

  async setMulti(
    items: ReadonlyArray<readonly [key: string, write: EntryWrite]>,
    context: OperationContext,
  ): Promise<readonly WriteResult[]> {
    // All are checked before the first one is sent.
    const writes = items.map(([key, { value, ttlMs }]) => {
      assertPlainKey(key);
      return { key, ttlMs, value: valueBytes(value) };
    });
    return keysInTurn(
      writes,
      ({ key }) => key,
      ({ key, value, ttlMs }) => this.#setAlways(key, value, ttlMs, this.#settingMany, context),
    );
  }

  async delete(key: string, context: OperationContext): Promise<boolean> {
    const { redisKey, slot } = plainKey(key, this.#isCluster);
    return (await this.#call("delete", slot, ["UNLINK", redisKey], "write", context)) === 1;
  }

  async deleteMulti(keys: readonly string[], context: OperationContext): Promise<number> {
    const groups = new Map<number, RedisArgument[][]>();
    for (const key of keys) {
      const { redisKey, slot } = plainKey(key, this.#isCluster);
      const own = groups.get(slot) ?? [];
      const last = own.at(-1);
      if (last === undefined || last.length > MAX_CALL_KEYS) own.push(["UNLINK", redisKey]);
      else last.push(redisKey);
      groups.set(slot, own);
    }
    const calls = [...groups].flatMap(([slot, commands]) =>
      commands.map((args) => this.#call("deleteMulti", slot, args, "write", context)),
    );
    return (await settleAll(calls)).reduce<number>((sum, count) => sum + Number(count), 0);
  }

  async expire(key: string, ttlMs: number, context: OperationContext): Promise<boolean> {
    if (ttlMs === 0) return this.delete(key, context);
    const { redisKey, slot } = plainKey(key, this.#isCluster);
    const ttl = ttlText(ttlMs);
    if (ttl !== "0") return (await this.#call("expire", slot, ["PEXPIRE", redisKey, ttl], "write", context)) === 1;
    const reply = await this.#run("expire", () =>
      this.#parts.client.runScript(slot, plainPersistScript, [redisKey], [], options("expire", "write", context)),
    );
    return reply === 1;
  }

  async increment(key: string, given: CounterRequest, context: OperationContext): Promise<CounterResult> {
    const request = this.#parts.withOpId(given);
    const { opId, ttlMs } = request;
    const place = plainKey(key, this.#isCluster);
    const tag = this.#isCluster ? plainSlotTag(place.slot) : `${KEY_STEM}p}`;
    const opKey = opId === undefined ? place.redisKey : `${tag}o${operationDigest(key, opId)}`;
    const integers = [request.delta, request.initial, request.minimum, request.maximum].map(String);
    const kind: RedisCallKind = opId === undefined ? "write" : "idempotent-write";
    const reply = await this.#run("increment", () =>
      this.#parts.client.runScript(
        place.slot,
        plainCountScript,
        [place.redisKey, `${tag}s`, opKey],
        [...integers, ttlText(ttlMs)],
        options("increment", kind, context),
      ),
    );
    const { value } = readCount(reply, request);
    return { value, version: contentVersion(Buffer.from(String(value))) };
  }

  async commit(
    checks: readonly KeyCheck[],
    writes: readonly KeyWrite[],
    context: OperationContext,
  ): Promise<CommitResult> {
    const places = [...checks, ...writes].map(({ key }) => plainKey(key, this.#isCluster));
    assertShareSlot(places);
    const values = writes.map(({ write }) => (write === undefined ? undefined : valueBytes(write.value)));
    const args: RedisArgument[] = [String(checks.length), ...checks.map(({ version }) => String(version))];
    for (const [index, { write }] of writes.entries()) {
      args.push(values[index] ?? "", write === undefined ? "-" : ttlText(write.ttlMs));
    }
    const keys = places.map(({ redisKey }) => redisKey);
    const reply = await this.#run("transaction", () =>
      this.#parts.client.runScript(
        places[0]?.slot ?? 0,
        plainCommitScript,
        keys,
        args,
        options("transaction", "write", context),
      ),
    );
    if (reply !== 1) return { committed: false, versions: [] };
    return { committed: true, versions: values.map((value) => (value === undefined ? 0 : contentVersion(value))) };
  }

  areColocated(keys: readonly string[]): boolean {
    return shareSlot(keys.map((key) => plainKey(key, this.#isCluster)));
  }

  lease: PlainOperations["lease"] = (request, context) => requestLease(this.#parts, request, context);

  #setAlways(
    key: string,
    value: Buffer,
    ttlMs: number,
    operation: SetOperation,
    caller: OperationContext,
  ): Promise<WriteResult> {
    assertWanted(caller);
    const place = plainKey(key, this.#isCluster);
    return this.#writer.write(place, value, ttlText(ttlMs), operation, caller);
  }

  #call(
    operation: string,
    slot: number,
    args: readonly RedisArgument[],
    kind: RedisCallKind,
    context: OperationContext,
  ): Promise<RedisReply> {
    return this.#run(operation, () => this.#parts.client.call(slot, args, options(operation, kind, context)));
  }

  async #run(operation: string, send: () => Promise<RedisReply>): Promise<RedisReply> {
    try {
      return await send();
    } catch (error) {
      throw translateRedisError(this.#parts.name, operation, error);
    }
  }

  #entry(value: Buffer, remainingMs: number): PlainEntry {
    return new PlainEntry(value, remainingMs < 0 ? Number.POSITIVE_INFINITY : this.#parts.clock.wallMs() + remainingMs);
  }
}

/** No signal goes with a call: who leaves before it is sent is let go here, and one that was sent settles within the client's deadlines. */
function options(operation: string, kind: RedisCallKind, context: OperationContext): RedisCallOptions {
  assertWanted(context);
  return { operation, kind };
}

function shareSlot([first, ...others]: readonly PlainKey[]): boolean {
  return others.every(({ slot }) => slot === first?.slot);
}

function assertShareSlot(places: readonly PlainKey[]): void {
  if (shareSlot(places)) return;
  throw new UnsupportedOperationError(
    "transaction",
    'A transaction in a Redis Cluster can touch keys of one slot only. Give keys that belong together the same {hash tag}, for example "cart:{42}" and "stock:{42}".',
  );
}
