import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";

/** What the tiers of several processes promise to each other. */
export interface ConsistencyConfig {
  /**
   * How Redis and Memcached keep entries. `coherent`: with a version, so that an invalidation always wins. `plain`: the
   * bytes alone, as other programs read and write them, without that promise, tags and `clear` in one step. Default:
   * `"coherent"`. Range: "coherent" or "plain".
   */
  readonly mode?: "coherent" | "plain" | undefined;
  /**
   * The longest that a process may serve a value which another has changed: copies in the memory in front of a shared
   * store are proven current that often, or not served. Where that store has no versions to ask for, as in mode `plain`,
   * each copy is served for so long after its read. The same for all processes that share a store; one without tiers waits
   * so long with `ack: "all"`. Default: `"2s"`. Range: a duration from "50ms" to "1h".
   */
  readonly maxStaleness?: Duration | undefined;
}

/** Rows of the section `consistency`. */
export const CONSISTENCY_FIELDS: FieldTable<ConsistencyConfig> = {
  mode: {
    kind: "enum",
    doc: "How Redis and Memcached keep entries. `coherent`: with a version, so that an invalidation always wins. `plain`: the bytes alone, as other programs read and write them, without that promise, tags and `clear` in one step.",
    default: "coherent",
    values: ["coherent", "plain"],
  },
  maxStaleness: {
    kind: "duration",
    doc: 'The longest that a process may serve a value which another has changed: copies in the memory in front of a shared store are proven current that often, or not served. Where that store has no versions to ask for, as in mode `plain`, each copy is served for so long after its read. The same for all processes that share a store; one without tiers waits so long with `ack: "all"`.',
    default: "2s",
    minMs: 50,
    maxMs: 3_600_000,
  },
};
