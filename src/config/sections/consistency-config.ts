import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";

/** What the tiers of several processes promise to each other. */
export interface ConsistencyConfig {
  /**
   * `coherent`: no process serves a value longer than `maxStaleness` after it was changed, also when messages are lost.
   * `plain`: entries live in memory until their TTL ends. Default: `"coherent"`. Range: "coherent" or "plain". Not
   * available yet.
   */
  readonly mode?: "coherent" | "plain" | undefined;
  /**
   * The longest that a process may serve a value which another has changed. Has no effect in mode `plain`. Default:
   * `"2s"`. Range: a duration from "50ms" to "1h". Not available yet.
   */
  readonly maxStaleness?: Duration | undefined;
}

/** Rows of the section `consistency`. */
export const CONSISTENCY_FIELDS: FieldTable<ConsistencyConfig> = {
  mode: {
    kind: "enum",
    doc: "`coherent`: no process serves a value longer than `maxStaleness` after it was changed, also when messages are lost. `plain`: entries live in memory until their TTL ends.",
    default: "coherent",
    values: ["coherent", "plain"],
    support: "planned",
  },
  maxStaleness: {
    kind: "duration",
    doc: "The longest that a process may serve a value which another has changed. Has no effect in mode `plain`.",
    default: "2s",
    minMs: 50,
    maxMs: 3_600_000,
    support: "planned",
  },
};
