import type { RedisReply } from "../../clients/redis/redis-reply.ts";
import type { NamespacePath } from "../../entry/namespace-path.ts";
import { namespaceChain } from "./namespace-chain.ts";
import type { GenerationMark } from "./record.ts";

/** The namespaces of a call, the levels they lie in, and their marks once the generations were read. */
export class CallNamespaces {
  readonly #paths = new Map<NamespacePath, GenerationMark | undefined>();
  readonly #levels = new Map<NamespacePath, number>();
  #lastPath: NamespacePath | undefined;
  #lastMark: GenerationMark | undefined;

  /** Adds the namespace of a key. */
  add(path: NamespacePath): void {
    if (path === this.#lastPath) return;
    this.#lastPath = path;
    if (this.#paths.has(path)) return;
    this.#paths.set(path, undefined);
    for (const level of namespaceChain(path)) if (!this.#levels.has(level)) this.#levels.set(level, this.#levels.size);
  }

  /** The levels whose generations decide, each once. */
  levels(): Iterable<NamespacePath> {
    return this.#levels.keys();
  }

  /** Takes the generations, which stand in the replies from `start` on, in the order of {@link levels}. */
  read(replies: readonly RedisReply[], start: number): void {
    for (const path of this.#paths.keys()) this.#paths.set(path, this.#combine(path, replies, start));
    this.#lastPath = undefined;
  }

  /** The mark of a namespace that was added; `undefined` when a generation is missing. */
  markOf(path: NamespacePath): GenerationMark | undefined {
    if (path !== this.#lastPath) {
      this.#lastPath = path;
      this.#lastMark = this.#paths.get(path);
    }
    return this.#lastMark;
  }

  #combine(path: NamespacePath, replies: readonly RedisReply[], start: number): GenerationMark | undefined {
    let high = 0;
    let low = 0;
    for (const level of namespaceChain(path)) {
      const generation = replies[start + (this.#levels.get(level) as number)];
      // A generation that is missing was evicted, or never made: nobody can say what belongs to it.
      if (!Buffer.isBuffer(generation) || generation.length !== 8) return undefined;
      high ^= generation.readInt32BE(0);
      low ^= generation.readInt32BE(4);
    }
    return { high, low };
  }
}
