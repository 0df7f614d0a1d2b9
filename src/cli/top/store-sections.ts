import type { HealthCheck } from "../../cache/health.ts";
import type { TierStats } from "../../cache/stats.ts";
import { formatByteSize } from "../../foundation/byte-size.ts";
import type { LiveServer } from "../../observability/live/live-document.ts";
import { latency } from "../bench/bench-report.ts";
import { STATUS_COLOURS } from "./count-sections.ts";
import type { FrameSection } from "./frame-section.ts";
import { cell, count, type FrameLine, perSecond } from "./frame-text.ts";
import type { TopSample, TopView } from "./top-view.ts";

/** A store, or one of its servers: what its health check says, and what events told of it. */
export interface StoreRow {
  readonly name: string;
  readonly status: string;
  /** State of its breaker; `undefined`: it has told of none. */
  readonly breaker: string | undefined;
  readonly latencyMs: number | undefined;
  readonly message: string;
}

const MIN_STORE_COLUMNS = 26;
const MAX_STORE_COLUMNS = 48;
/** Status, breaker, latency and some words. */
const STORE_REST_COLUMNS = 48;

/** Stores and servers with their breakers, those that are not well first: where there is no room for all, they count. */
export function storeRows({ health, live }: Pick<TopSample, "health" | "live">): readonly StoreRow[] {
  const servers = new Map((live?.servers ?? []).map((server) => [`${server.backend}/${server.node}`, server]));
  const rows = health.checks.map((check) => {
    const server = servers.get(check.name);
    servers.delete(check.name);
    return rowOf(check, server);
  });
  const loads = live?.loads.breaker ?? null;
  if (loads !== null) {
    // Told as that of the store itself.
    servers.delete(`${live?.backend}/${live?.backend}`);
    const message = "loads do not ask the store while it is open";
    rows.push({
      name: "loads",
      status: "",
      breaker: loads,
      latencyMs: undefined,
      message: loads === "closed" ? "" : message,
    });
  }
  for (const [name, server] of servers) {
    const status = server.connection ?? "";
    rows.push({ name, status, breaker: server.breaker ?? undefined, latencyMs: undefined, message: "" });
  }
  return [...rows].sort((a, b) => Number(isWell(a)) - Number(isWell(b)));
}

function rowOf({ name, status, latencyMs, message = "" }: HealthCheck, server: LiveServer | undefined): StoreRow {
  return { name, status, breaker: server?.breaker ?? undefined, latencyMs, message };
}

/** Whether nothing about it needs a look. */
export function isWell({ status, breaker }: StoreRow): boolean {
  return colourOf(status, breaker) === undefined;
}

function colourOf(status: string, breaker: string | undefined): FrameLine["colour"] {
  const colours = [status === "lost" ? "yellow" : STATUS_COLOURS[status], STATUS_COLOURS[breaker ?? ""]] as const;
  return colours.includes("red") ? "red" : colours.find((colour) => colour !== undefined);
}

/** How stores are. */
export function storeSection({ sample }: TopView, columns: number): FrameSection {
  const rows = storeRows(sample);
  const width = Math.min(MAX_STORE_COLUMNS, Math.max(MIN_STORE_COLUMNS, columns - STORE_REST_COLUMNS));
  const head = `${cell("store", width)} ${cell("status", 10)} ${cell("breaker", 10)} ${"latency".padStart(9)}`;
  return {
    lines: [
      { text: head, colour: "bold" },
      ...rows.map(({ name, status, breaker = "-", latencyMs, message }) => {
        const time = latencyMs === undefined ? "-" : latency(latencyMs);
        const text = `${cell(name, width)} ${cell(status, 10)} ${cell(breaker, 10)} ${time.padStart(9)}  ${message}`;
        return { text, colour: colourOf(status, breaker) };
      }),
    ],
    leastCount: 1 + Math.max(1, rows.filter((row) => !isWell(row)).length),
    hasHead: true,
  };
}

/** What each tier holds. */
export function tierSection({ sample }: TopView): FrameSection {
  const rows = sample.stats.tiers.map(tierRow);
  const head = `${cell("tier", 16)} ${"keys".padStart(12)} ${"memory".padStart(10)} ${"evictions".padStart(12)} ${"connections".padStart(12)}`;
  return { lines: [{ text: head, colour: "bold" }, ...rows.map((text) => ({ text }))], leastCount: 0, hasHead: true };
}

function tierRow({ name, keyCount, memoryUsage, evictions, connections, copies }: TierStats): string {
  const kept =
    copies === undefined
      ? ""
      : `hits ${count(copies.hits)}, misses ${count(copies.misses)}, unproven ${count(copies.unproven)}`;
  const numbers = [keyCount, evictions, connections].map((value) => (value === undefined ? "-" : count(value)));
  const [keys = "", evicted = "", open = ""] = numbers;
  const memory = memoryUsage === undefined ? "-" : formatByteSize(memoryUsage);
  return `${cell(name, 16)} ${keys.padStart(12)} ${memory.padStart(10)} ${evicted.padStart(12)} ${open.padStart(12)}  ${kept}`;
}

/** Whether copies are proven current, and who the other nodes are: those that are away first. */
export function coherenceSection({ sample, rates }: TopView): FrameSection {
  const status = sample.stats.coherence;
  if (status === undefined) return { lines: [], leastCount: 0 };
  const { isProvable, maxStalenessMs, probeAgeMs, probes, probeFailures, gaps, repairs, peers } = status;
  const age = probeAgeMs === undefined ? "none" : `${latency(probeAgeMs)} ago`;
  const isAway = ({ state }: (typeof peers)[number]): boolean => state !== "connected";
  const proof: FrameLine = {
    text: `coherence: copies are ${isProvable ? "" : "not "}proven current; nothing older than ${latency(maxStalenessMs)} is served`,
    colour: isProvable ? "bold" : "yellow",
  };
  const ordered = [...peers].sort((a, b) => Number(!isAway(a)) - Number(!isAway(b)));
  const rows = ordered.map(({ address, transport, state, silentMs, queuedCount }): FrameLine => {
    const silent = Number.isFinite(silentMs) ? latency(silentMs) : "always";
    return {
      text: `${cell(address, 30)} ${cell(transport, 9)} ${cell(state, 11)} silent ${silent}, ${count(queuedCount)} queued`,
      colour: state === "connected" ? undefined : "yellow",
    };
  });
  const details: FrameLine[] = [
    {
      text: `probe ${age}, ${count(probes)} answered, ${count(probeFailures)} not; gaps ${count(gaps)}, repairs ${count(repairs)}`,
    },
    { text: `messages sent ${perSecond(rates?.messagesSent)}, received ${perSecond(rates?.messagesReceived)}` },
  ];
  return { lines: [proof, ...details, ...rows], leastCount: 1 };
}
