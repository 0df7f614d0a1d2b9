import type { CacheEventName } from "../../events/cache-events.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import type { LogLine } from "./log-lines.ts";

/** Over how long lines of a storm are counted, in ms. */
const WINDOW_MS = 1_000;
/** Kinds of storms that are told apart; what comes on top is one kind for each event. */
const MAX_KIND_COUNT = 256;

/** What a filter is made of. */
export interface StormFilterParts {
  readonly scheduler: Pick<Scheduler, "after">;
  /** Writes a line. Must not throw. */
  readonly write: (name: CacheEventName, line: LogLine) => void;
}

interface Storm {
  readonly name: CacheEventName;
  latest: LogLine | undefined;
  heldCount: number;
  task: ScheduledTask | undefined;
}

/**
 * Lets one line of each kind through in a second, the first at once, and the latest of those that followed at the end of the second, with their count. So a store that is
 * down is told of at once, and ten thousand failures a second are one line.
 */
export class StormFilter {
  readonly #parts: StormFilterParts;
  readonly #storms = new Map<string, Storm>();

  constructor(parts: StormFilterParts) {
    this.#parts = parts;
  }

  /** Writes a line, now or counted. O(1). */
  pass(name: CacheEventName, line: LogLine): void {
    if (line.storm === undefined) {
      this.#parts.write(name, line);
      return;
    }
    const kind = `${name} ${line.level} ${line.storm}`;
    const known = this.#storms.has(kind) || this.#storms.size < MAX_KIND_COUNT ? kind : `${name} ${line.level}`;
    const storm = this.#storms.get(known);
    if (storm === undefined) {
      const begun: Storm = { name, latest: undefined, heldCount: 0, task: undefined };
      this.#storms.set(known, begun);
      this.#watch(known, begun);
      this.#parts.write(name, line);
      return;
    }
    storm.latest = line;
    storm.heldCount += 1;
  }

  /** Writes what was counted, and ends every count. */
  flush(): void {
    for (const storm of this.#storms.values()) {
      storm.task?.cancel();
      this.#tell(storm);
    }
    this.#storms.clear();
  }

  #watch(kind: string, storm: Storm): void {
    storm.task = this.#parts.scheduler.after(WINDOW_MS, () => {
      if (storm.heldCount === 0) {
        this.#storms.delete(kind);
        return;
      }
      this.#tell(storm);
      this.#watch(kind, storm);
    });
  }

  #tell(storm: Storm): void {
    const { latest, heldCount, name } = storm;
    if (latest === undefined) return;
    storm.latest = undefined;
    storm.heldCount = 0;
    this.#parts.write(name, { ...latest, fields: { ...latest.fields, repeated: heldCount } });
  }
}
