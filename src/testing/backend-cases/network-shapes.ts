import type { BackendNotice } from "../../backend/backend-notice.ts";
import type { BackendReport, NodeReport } from "../../backend/backend-report.ts";
import type { ConnectionCounts } from "../../backend/connection-counts.ts";
import { assert } from "../bounded-assert.ts";

const NODE_STATUSES: readonly unknown[] = ["up", "degraded", "down"];
const STATES: { readonly [Kind in BackendNotice["kind"]]: readonly unknown[] } = {
  connection: ["connected", "lost"],
  breaker: ["open", "half-open", "closed"],
  warning: [undefined],
};

/** Asserts that a store's notice is one of those that the contract knows. */
export function assertNotice(notice: BackendNotice): void {
  const { kind, node, state } = notice as BackendNotice & { readonly state?: unknown };
  assert.ok(Object.hasOwn(STATES, kind), `there is no notice "${kind}"`);
  assert.ok(STATES[kind].includes(state), `a notice "${kind}" has no state "${state}"`);
  if (notice.kind === "warning") {
    assertText(notice.message, "the message of a warning");
    if (node === undefined) return;
  }
  assertText(node, "the node of a notice");
}

/** Asserts that connections are counted in whole numbers. */
export function assertCounts(counts: ConnectionCounts): void {
  for (const name of ["open", "inFlight", "waiting"] as const) {
    assert.ok(Number.isSafeInteger(counts[name]) && counts[name] >= 0, `${name} is ${counts[name]}, no whole number`);
  }
}

/** Asserts that a report has every server once, each told of in the contract's terms. */
export function assertReport({ nodes }: BackendReport): void {
  assert.ok(nodes.length > 0, "a store with servers has one at least");
  assert.equal(new Set(nodes.map(({ node }) => node)).size, nodes.length, "each server is there once");
  for (const node of nodes) assertNode(node);
}

function assertNode(report: NodeReport): void {
  assertText(report.node, "the node of a report");
  assert.ok(NODE_STATUSES.includes(report.status), `there is no status "${report.status}"`);
  assert.ok(report.latencyMs >= 0 && Number.isFinite(report.latencyMs), `latencyMs is ${report.latencyMs}`);
  for (const warning of report.warnings) assertText(warning, "a warning");
  for (const name of ["memoryUsedBytes", "memoryLimitBytes", "evictions"] as const) {
    const told = report[name];
    assert.ok(told === undefined || told >= 0, `${name} is ${told}`);
  }
  if (report.connections !== undefined) assertCounts(report.connections);
}

function assertText(text: unknown, what: string): void {
  assert.ok(typeof text === "string" && text.length > 0, `${what} is no text`);
}
