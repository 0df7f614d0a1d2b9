import type { Duration } from "../../foundation/duration.ts";
import type { FieldTable } from "../field.ts";
import { TIMEOUT } from "../field-limits.ts";

/** How long each kind of operation waits for a store. */
export interface DeadlinesConfig {
  /**
   * How long `ready()` and the first operation wait for a store to open. Default: `"5s"`. Range: a duration from "1ms"
   * to "10m".
   */
  readonly connect?: Duration | undefined;
  /** How long an operation that reads waits for a store. Default: `"1s"`. Range: a duration from "1ms" to "10m". */
  readonly read?: Duration | undefined;
  /** How long an operation that writes waits for a store. Default: `"1s"`. Range: a duration from "1ms" to "10m". */
  readonly write?: Duration | undefined;
  /** How long `health()` waits for a store. Default: `"1s"`. Range: a duration from "1ms" to "10m". */
  readonly health?: Duration | undefined;
  /**
   * How long `close()` waits for work in the background before it leaves it. Default: `"10s"`. Range: a duration from
   * "1ms" to "10m".
   */
  readonly close?: Duration | undefined;
}

/** Rows of the section `deadlines`. */
export const DEADLINES_FIELDS: FieldTable<DeadlinesConfig> = {
  connect: {
    ...TIMEOUT,
    doc: "How long `ready()` and the first operation wait for a store to open.",
    default: "5s",
  },
  read: { ...TIMEOUT, doc: "How long an operation that reads waits for a store.", default: "1s" },
  write: { ...TIMEOUT, doc: "How long an operation that writes waits for a store.", default: "1s" },
  health: { ...TIMEOUT, doc: "How long `health()` waits for a store.", default: "1s" },
  close: {
    ...TIMEOUT,
    doc: "How long `close()` waits for work in the background before it leaves it.",
    default: "10s",
  },
};
