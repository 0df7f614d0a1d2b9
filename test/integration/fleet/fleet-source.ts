import { microsSince } from "./fleet-event.ts";

/** A change of the source that is being made. */
export interface SourceChange {
  /** New generations, in the order of the keys. */
  readonly generations: readonly number[];
  /** Just before the source changed, as in `FleetEvent.from`. */
  readonly at: number;
}

interface WaitingChange {
  readonly id: string;
  readonly keys: readonly string[];
  readonly isExclusive: boolean;
  readonly grant: (change: SourceChange) => void;
}

/**
 * The source of truth: a generation per key, which every change raises. Who changes a key holds it locked until the cache knows, as a row of a database is locked:
 * a change that writes its value into the cache holds it alone, for two that did so at once could leave the older value there, whatever the cache does.
 */
export class FleetSource {
  readonly #originNs: bigint;
  readonly #generations = new Map<string, number>();
  readonly #held = new Map<string, WaitingChange>();
  #waiting: WaitingChange[] = [];

  constructor(originNs: bigint) {
    this.#originNs = originNs;
  }

  read(key: string): number {
    return this.#generations.get(key) ?? 1;
  }

  /** Changes keys as soon as nobody else holds them in a way that excludes it. First come, first served. */
  begin(id: string, keys: readonly string[], isExclusive: boolean): Promise<SourceChange> {
    return new Promise((grant) => {
      this.#waiting.push({ id, keys, isExclusive, grant });
      this.#grantAll();
    });
  }

  /** The cache knows of a change. */
  end(id: string): void {
    this.#held.delete(id);
    this.#grantAll();
  }

  #grantAll(): void {
    const shared = new Set<string>();
    const exclusive = new Set<string>();
    const take = ({ keys, isExclusive }: WaitingChange): void => {
      for (const key of keys) (isExclusive ? exclusive : shared).add(key);
    };
    for (const change of this.#held.values()) take(change);
    this.#waiting = this.#waiting.filter((change) => {
      const isHeldUp = change.keys.some((key) => exclusive.has(key) || (change.isExclusive && shared.has(key)));
      // Also when it has to wait: who comes later must not overtake it for ever.
      take(change);
      if (isHeldUp) return true;
      this.#held.set(change.id, change);
      change.grant({ at: microsSince(this.#originNs), generations: change.keys.map((key) => this.#raise(key)) });
      return false;
    });
  }

  #raise(key: string): number {
    const generation = this.read(key) + 1;
    this.#generations.set(key, generation);
    return generation;
  }
}
