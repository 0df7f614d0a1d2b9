import type { RedisArgument } from "../../clients/redis/redis-client.ts";
import { type NamespacePath, namespaceOf } from "../../entry/namespace-path.ts";
import { encodeKeyText } from "./key-text.ts";
import { namespaceChain } from "./namespace-chain.ts";
import { type SharedKeys, shardKey } from "./redis-key-layout.ts";

/** Numbers in items are characters from the space on; above this they would be two bytes. */
const FIRST_CHARACTER = 32;
/** Namespaces that one call can tell apart. */
export const MAX_CALL_NAMESPACES = 90;

/** A tag of an item, with its mark where the caller knows it. */
export interface CallTag {
  readonly tag: string;
  readonly mark: number | undefined;
}

/** A record that is laid down under a key of its own before the call that puts it where it belongs. */
export interface StagedRecord {
  readonly key: RedisArgument;
  readonly record: Buffer;
}

/**
 * Keys and arguments of one call of a script that begins with the prelude, collected item by item: which generations it needs, which tags, which keys.
 */
export class ScriptCall {
  readonly #layout: SharedKeys;
  /** The call's shard where each has its own records; any on a single server. */
  readonly #shard: number;
  readonly #levels = new Map<NamespacePath, number>();
  readonly #levelKeys: RedisArgument[] = [];
  readonly #namespaces = new Map<NamespacePath, number>();
  readonly #namespaceLevels: string[] = [];
  readonly #tags: RedisArgument[] = [];
  readonly #tagPlaces = new Map<string, number>();
  readonly #itemKeys: RedisArgument[] = [];
  readonly #itemArgs: RedisArgument[] = [];
  readonly #stagedRecords: StagedRecord[] = [];
  readonly #nameStage: (() => string) | undefined;
  #lastPath: NamespacePath | undefined;
  #lastNamespace = 0;

  /** @param nameStage a text that no other call in the world ever returns; left out where nothing may be laid down before the call */
  constructor(layout: SharedKeys, shard: number, nameStage?: () => string) {
    this.#layout = layout;
    this.#shard = shard;
    this.#nameStage = nameStage;
  }

  /** Records to be laid down first, by {@link stage}. */
  get stagedRecords(): readonly StagedRecord[] {
    return this.#stagedRecords;
  }

  /** Has a record laid down before the call. Returns its key, or `undefined` where it must go in the call itself. */
  stage(shard: number, record: Buffer): RedisArgument | undefined {
    if (this.#nameStage === undefined) return undefined;
    const key = shardKey(shard, "w", this.#nameStage());
    this.#stagedRecords.push({ key, record });
    return key;
  }

  /** Namespaces so far. */
  get namespaceCount(): number {
    return this.#namespaceLevels.length;
  }

  /** What an item begins with: its letter, its shard's place among the heads, and the namespace of its stored key. */
  itemStart(letter: string, shard: number, storedKey: string): string {
    const namespace = this.#namespaceIndex(namespaceOf(storedKey));
    return (
      letter + String.fromCharCode(FIRST_CHARACTER + this.#layout.headIndex(shard), FIRST_CHARACTER + 1 + namespace)
    );
  }

  /** Adds a key. */
  addKey(key: RedisArgument): void {
    this.#itemKeys.push(key);
  }

  /** Adds an argument. */
  addArgument(argument: RedisArgument): void {
    this.#itemArgs.push(argument);
  }

  /** The tags of an item as it names them: their places among the call's, or `-`. */
  tagPlaces(tags: readonly CallTag[]): string {
    if (tags.length === 0) return "-";
    return tags.map((tag) => this.#tagPlace(tag)).join(",");
  }

  /** All keys of the call. */
  keys(extra: readonly RedisArgument[] = []): RedisArgument[] {
    return [this.#layout.headKey(this.#shard), ...this.#levelKeys, ...extra, ...this.#itemKeys];
  }

  /** All arguments of the call. `areTagsHere`: the script may look tags up. `channel`: where it is told. */
  args(unique: string, areTagsHere: boolean, channel: string): RedisArgument[] {
    return [
      String(this.#levelKeys.length),
      this.#namespaceLevels.join(";"),
      unique,
      (areTagsHere ? "1" : "0") + channel,
      String(this.#tags.length / 2),
      ...this.#tags,
      ...this.#itemArgs,
    ];
  }

  #tagPlace({ tag, mark }: CallTag): number {
    const markText = mark === undefined ? "" : String(mark);
    const id = `${markText}:${tag}`;
    let place = this.#tagPlaces.get(id);
    if (place === undefined) {
      place = this.#tags.push(encodeKeyText("", tag), markText) / 2;
      this.#tagPlaces.set(id, place);
    }
    return place;
  }

  #namespaceIndex(path: NamespacePath): number {
    if (path === this.#lastPath) return this.#lastNamespace;
    let index = this.#namespaces.get(path);
    if (index === undefined) {
      index = this.#namespaceLevels.length;
      this.#namespaces.set(path, index);
      this.#namespaceLevels.push(
        namespaceChain(path)
          .map((level) => this.#levelNumber(level))
          .join(","),
      );
    }
    this.#lastPath = path;
    this.#lastNamespace = index;
    return index;
  }

  #levelNumber(path: NamespacePath): number {
    let number = this.#levels.get(path);
    if (number === undefined) {
      number = this.#levelKeys.push(this.#layout.generationKey(this.#shard, path));
      this.#levels.set(path, number);
    }
    return number;
  }
}
