import type { CacheEventMap, CacheEventName } from "../../events/cache-events.ts";
import { describeError } from "./describe-error.ts";
import type { LineLevel } from "./log-level.ts";
import type { ShowKey } from "./redact-key.ts";

/** One line that is to be written. */
export interface LogLine {
  readonly level: LineLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** What makes it one of a storm: lines with the same text here are counted and not written, beyond the first of a second. `undefined`: each is written. */
  readonly storm?: string;
}

/** How an event becomes a line. */
export interface LineRule<Name extends CacheEventName = CacheEventName> {
  /** The highest level that its lines have: below it nobody listens, so that it costs nothing. */
  readonly loudest: LineLevel;
  readonly describe: (event: CacheEventMap[Name], showKey: ShowKey) => LogLine;
}

const rounded = (durationMs: number): number => Math.round(durationMs * 1_000) / 1_000;

function keyLine(
  level: LineLevel,
  message: string,
): LineRule<"hit" | "miss" | "set" | "delete" | "remove">["describe"] {
  return ({ key, ...rest }, showKey) => ({ level, message, fields: { key: showKey(key), ...rest } });
}

/**
 * Every event and its line.
 *
 * | level | lines |
 * |---|---|
 * | `trace` | each read, write, removal |
 * | `debug` | each call to a store, loads, stale answers, gaps, probes that found changes, invalidations |
 * | `info` | connections and peers that come, breakers that close, the end |
 * | `warn` | connections and peers that go, breakers that open, failed loads, warnings, what was refused or is unreadable |
 * | `error` | failures of a store that no caller hears of, lost writes |
 */
export const LINE_RULES: { readonly [Name in CacheEventName]: LineRule<Name> } = {
  hit: { loudest: "trace", describe: keyLine("trace", "hit") },
  miss: { loudest: "trace", describe: keyLine("trace", "miss") },
  set: { loudest: "trace", describe: keyLine("trace", "set") },
  delete: { loudest: "trace", describe: keyLine("trace", "deleted") },
  remove: { loudest: "trace", describe: keyLine("trace", "removed from memory") },
  stale: {
    loudest: "debug",
    describe: ({ key, namespace, reason, ageMs }, showKey) => ({
      level: "debug",
      message: "served stale",
      fields: { key: showKey(key), namespace, reason, ageMs: rounded(ageMs) },
    }),
  },
  refuse: {
    loudest: "warn",
    describe: ({ key, namespace, sizeBytes, limitBytes }, showKey) => ({
      level: "warn",
      message: "a value is larger than the store may be, and was not kept",
      fields: { key: showKey(key), namespace, sizeBytes, limitBytes },
      storm: namespace,
    }),
  },
  unreadable: {
    loudest: "warn",
    describe: ({ key, namespace, reason, detail, cause }, showKey) => ({
      level: "warn",
      message: "stored bytes could not be read",
      fields: {
        ...{ key: showKey(key), namespace, reason, detail },
        ...(cause === undefined ? {} : { error: describeError(cause) }),
      },
      storm: reason,
    }),
  },
  load: { loudest: "warn", describe: describeLoad },
  invalidate: {
    loudest: "debug",
    describe: ({ tags, namespace }, showKey) => ({
      level: "debug",
      message: "tags invalidated",
      fields: { tags: tags.map(showKey), namespace },
    }),
  },
  clear: {
    loudest: "debug",
    describe: ({ namespace }) => ({ level: "debug", message: "cleared", fields: { namespace } }),
  },
  error: {
    loudest: "error",
    describe: ({ operation, error }) => {
      const described = describeError(error);
      const storm = `${operation} ${described.code ?? described.type}`;
      return { level: "error", message: "the store failed", fields: { operation, error: described }, storm };
    },
  },
  operation: {
    loudest: "debug",
    describe: ({ operation, backend, outcome, durationMs }) => ({
      level: "debug",
      message: outcome === "ok" ? "store answered" : "store did not do it",
      fields: { operation, backend, outcome, durationMs: rounded(durationMs) },
    }),
  },
  connection: {
    loudest: "warn",
    describe: ({ backend, node, state, error }) => ({
      level: state === "connected" ? "info" : "warn",
      message: state === "connected" ? "connected" : "connection lost",
      fields: { backend, node, ...(error === undefined ? {} : { error: describeError(error) }) },
      storm: `${backend} ${node} ${state}`,
    }),
  },
  breaker: {
    loudest: "warn",
    describe: ({ backend, node, state }) => ({
      level: state === "open" ? "warn" : "info",
      message: `breaker ${state}`,
      fields: { backend, node, state },
      storm: `${backend} ${node} ${state}`,
    }),
  },
  peer: {
    loudest: "warn",
    describe: ({ backend, transport, node, id, state }) => ({
      level: state === "lost" ? "warn" : state === "connected" ? "info" : "debug",
      message: `peer ${state}`,
      fields: { backend, transport, node, id },
      storm: `${transport} ${node} ${state}`,
    }),
  },
  gap: {
    loudest: "debug",
    describe: ({ backend, transport, from }) => ({
      level: "debug",
      message: "messages may have been missed",
      fields: { backend, transport, ...(from === undefined ? {} : { from }) },
    }),
  },
  probe: { loudest: "warn", describe: describeProbe },
  unwritten: {
    loudest: "error",
    describe: ({ backend, reason, setCount, deleteCount, error }) => ({
      level: "error",
      message: "writes are lost",
      fields: {
        backend,
        reason,
        setCount,
        deleteCount,
        ...(error === undefined ? {} : { error: describeError(error) }),
      },
      storm: `${backend} ${reason}`,
    }),
  },
  warning: {
    loudest: "warn",
    describe: ({ backend, node, message }) => ({
      level: "warn",
      message,
      fields: node === undefined ? { backend } : { backend, node },
      storm: `${backend} ${node} ${message}`,
    }),
  },
  close: { loudest: "info", describe: () => ({ level: "info", message: "closed", fields: {} }) },
};

function describeLoad(
  { key, namespace, outcome, durationMs, error }: CacheEventMap["load"],
  showKey: ShowKey,
): LogLine {
  const fields = { key: showKey(key), namespace, outcome, durationMs: rounded(durationMs) };
  if (error === undefined && outcome !== "failed" && outcome !== "timed-out") {
    return { level: "debug", message: "loaded", fields };
  }
  const described = describeError(error);
  // Its own error says more than that a loader threw.
  const [cause = described] = described.causes ?? [];
  return {
    level: "warn",
    message: outcome === "timed-out" ? "a loader took too long" : "a loader failed",
    fields: { ...fields, error: described },
    storm: `${namespace} ${outcome} ${cause.code ?? cause.type}`,
  };
}

function describeProbe({ backend, isAnswered, durationMs, ...rest }: CacheEventMap["probe"]): LogLine {
  const fields = { backend, durationMs: rounded(durationMs), ...rest };
  if (!isAnswered) {
    return {
      level: "warn",
      message: "the store did not say whether copies are current",
      fields: { backend, durationMs: rounded(durationMs) },
      storm: backend,
    };
  }
  return { level: "debug", message: "copies were asked about", fields };
}
