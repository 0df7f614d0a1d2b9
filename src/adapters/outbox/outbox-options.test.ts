import { expect, it } from "vitest";
import { resolveOutboxOptions } from "./outbox-options.ts";

const POSTGRES = { cache: { deleteMulti: () => 0 }, dialect: "postgres", database: { query: () => undefined } };
const SQLITE = { ...POSTGRES, dialect: "sqlite", database: { prepare: () => undefined } };

it("fills in the defaults", () => {
  expect(resolveOutboxOptions(POSTGRES)).toMatchObject({
    ...{ table: '"gocachex_outbox"', index: '"gocachex_outbox_due"', notifyChannel: undefined },
    ...{ pollIntervalMs: 1_000, batchSize: 100, leaseMs: 10_000 },
    ...{ minRetryDelayMs: 100, maxRetryDelayMs: 10_000, closeTimeoutMs: 5_000 },
  });
});

it("quotes a schema, and puts the index where the dialect wants it", () => {
  expect(resolveOutboxOptions({ ...POSTGRES, table: "app.outbox" })).toMatchObject({
    ...{ table: '"app"."outbox"', index: '"outbox_due"' },
  });
  expect(resolveOutboxOptions({ ...SQLITE, table: "app.outbox" }).index).toBe('"app"."outbox_due"');
});

it.each([
  ["cache", { cache: {} }],
  ["dialect", { dialect: "mysql" }],
  ["database", { database: {} }],
  ["execute", { execute: "sql" }],
  ["table", { table: 'x"; DROP TABLE users; --' }],
  ["table", { table: "Outbox" }],
  ["pollInterval", { pollInterval: 1 }],
  ["batchSize", { batchSize: 0 }],
  ["lease", { lease: "10ms" }],
  ["maxRetryDelay", { minRetryDelay: "5s", maxRetryDelay: "1s" }],
  ["closeTimeout", { closeTimeout: "soon" }],
  ["notifyChannel", { notifyChannel: "x".repeat(64) }],
  ["notifyChannel", { ...SQLITE, notifyChannel: "x" }],
  ["pollIntervall", { pollIntervall: 5 }],
])("names %s when it is wrong", (field, wrong) => {
  expect(() => resolveOutboxOptions({ ...POSTGRES, ...wrong })).toThrow(expect.objectContaining({ field }));
});
