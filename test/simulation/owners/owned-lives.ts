import { KeyHistory } from "../key-history.ts";

/** One life of a shard at an owner: from when it was begun, empty, until it was dropped. */
export interface OwnedLife {
  /** Grows with each life that is begun, wherever. */
  readonly number: number;
  readonly shard: number;
  /** The owner: one life of a process. */
  readonly ownerId: string;
  readonly fromMs: number;
  toMs: number;
  /** What its keys were, and when. */
  readonly history: KeyHistory;
}

/** A value found in a life: the first and the last period in which it stood. */
export interface FoundPeriod {
  readonly life: OwnedLife;
  readonly first: number;
  readonly last: number;
}

/** Every life that shards had at owners: the truth that everything served is held against. With equal views there is one at a time; the sides of a cut have one each. */
export class OwnedLives {
  readonly #byShard = new Map<number, OwnedLife[]>();
  #count = 0;

  begin(shard: number, ownerId: string, nowMs: number): OwnedLife {
    this.#count += 1;
    const life: OwnedLife = {
      ...{ number: this.#count, shard, ownerId, fromMs: nowMs, toMs: Number.POSITIVE_INFINITY },
      history: new KeyHistory(),
    };
    const all = this.#byShard.get(shard);
    if (all === undefined) this.#byShard.set(shard, [life]);
    else all.push(life);
    return life;
  }

  /** In the order of their beginnings. */
  of(shard: number): readonly OwnedLife[] {
    return this.#byShard.get(shard) ?? [];
  }

  /** Where a value stood at some moment of a span, by lives. `undefined`: where nothing did. */
  find(shard: number, key: string, value: unknown, sinceMs: number, untilMs: number): readonly FoundPeriod[] {
    const found: FoundPeriod[] = [];
    for (const life of this.of(shard)) {
      if (life.toMs < sinceMs || life.fromMs > untilMs) continue;
      const from = Math.max(sinceMs, life.fromMs);
      const until = Math.min(untilMs, life.toMs);
      const numbers =
        value === undefined ? life.history.absent(key, from, until) : life.history.holding(key, value, from, until);
      if (numbers !== undefined) found.push({ life, first: numbers[0], last: numbers[1] });
    }
    return found;
  }

  /** Where a version was given to a key: by several owners, where they are on several sides of a cut, and do so in the same instant. */
  ofVersion(shard: number, key: string, version: number): readonly FoundPeriod[] {
    return this.of(shard).flatMap((life) => {
      const number = life.history.ofVersion(key, version);
      return number === undefined ? [] : [{ life, first: number, last: number }];
    });
  }

  /** What is printed beside a violation. */
  describe(shard: number, key: string): string {
    return this.of(shard)
      .map(
        ({ number, ownerId, fromMs, toMs, history }) =>
          `life ${number} at ${ownerId} ${fromMs.toFixed(1)}…${toMs.toFixed(1)}\n${history.describe(key)}`,
      )
      .join("\n");
  }
}
