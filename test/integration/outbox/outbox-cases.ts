import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { executeOnPostgres, executeOnSqlite } from "../../../src/adapters/outbox/connection.ts";
import { createOutbox } from "../../../src/adapters/outbox/create-outbox.ts";
import type { Outbox } from "../../../src/adapters/outbox/outbox.ts";
import type { OutboxOptions } from "../../../src/adapters/outbox/outbox-options.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import {
  BackendUnavailableError,
  OutcomeUnknownError,
  UnsupportedOperationError,
} from "../../../src/foundation/errors.ts";
import type { SqlConnection, SqlDatabase } from "./sql-database.ts";

/** What holds in every database. */
export function describeOutbox(name: string, createDatabase: () => Promise<SqlDatabase>): void {
  describe(`an outbox in ${name}`, () => {
    let database: SqlDatabase;
    let cache: Cache;
    let outboxes: Outbox<SqlConnection>[] = [];
    let outbox: Outbox<SqlConnection>;

    beforeAll(async () => {
      database = await createDatabase();
    });
    afterAll(() => database.stop());
    beforeEach(async () => {
      cache = createCache();
      outbox = open();
      await database.exec(`DROP TABLE IF EXISTS gocachex_outbox; ${outbox.schemaSql()}`);
    });
    afterEach(async () => {
      await Promise.all(outboxes.map((each) => each.close()));
      outboxes = [];
      await cache.close();
    });

    function open(options: Partial<OutboxOptions> = {}): Outbox<SqlConnection> {
      const { dialect, relay } = database;
      const made = createOutbox<SqlConnection>({
        ...{ cache, dialect, database: relay, pollInterval: "1h", minRetryDelay: 1, maxRetryDelay: 1, ...options },
        execute: dialect === "postgres" ? executeOnPostgres : executeOnSqlite,
      });
      outboxes.push(made);
      return made;
    }

    const ownTables = (): Promise<readonly Record<string, unknown>[]> =>
      database.rows("SELECT id, payload, attempts, parked_error FROM gocachex_outbox ORDER BY id");
    const begin = (): Promise<void> => database.exec("BEGIN", database.app);
    const end = (how: "COMMIT" | "ROLLBACK"): Promise<void> => database.exec(how, database.app);
    const told = <Name extends "applied" | "failure" | "parked">(event: Name): unknown[] => {
      const all: unknown[] = [];
      outbox.on(event, (details) => all.push(details));
      return all;
    };

    it("applies what a transaction recorded once it has committed, and not before", async () => {
      await cache.set("user:1", "old");
      await begin();
      await outbox.record(database.app, { keys: ["user:1"] });
      expect(await outbox.drainOnce()).toEqual({ appliedCount: 0, failedCount: 0, parkedCount: 0 });
      expect(await cache.get("user:1")).toBe("old");
      await end("COMMIT");
      expect(await outbox.drainOnce()).toEqual({ appliedCount: 1, failedCount: 0, parkedCount: 0 });
      expect(await cache.get("user:1")).toBeUndefined();
      expect(await ownTables()).toEqual([]);
    });

    it("does nothing for a transaction that rolled back", async () => {
      await cache.set("user:1", "kept");
      await begin();
      await outbox.record(database.app, { keys: ["user:1"] });
      await end("ROLLBACK");
      expect((await outbox.drainOnce()).appliedCount).toBe(0);
      expect(await cache.get("user:1")).toBe("kept");
    });

    // In SQLite one transaction writes at a time: there is no such order.
    const inPostgres = name === "PostgreSQL" ? it : undefined;
    inPostgres?.("finds a row whose transaction committed after later rows were applied", async () => {
      await cache.setMulti({ early: 1, late: 2 });
      await begin();
      await outbox.record(database.app, { keys: ["early"] });
      await outbox.record(database.relay, { keys: ["late"] });
      expect((await outbox.drainOnce()).appliedCount).toBe(1);
      await end("COMMIT");
      expect((await outbox.drainOnce()).appliedCount).toBe(1);
      expect(await cache.get("early")).toBeUndefined();
    });

    const bare = (): { prepare: SqlConnection["prepare"] } => ({ prepare: (sql) => database.relay.prepare(sql) });
    const ownConnections: readonly (readonly [string, () => object])[] = [
      ["as the driver has it", () => database.relay],
      ...(name.startsWith("SQLite") ? [["when the driver does not tell of transactions", bare] as const] : []),
    ];
    it.each(ownConnections)(
      "never applies rows of a transaction that is open on the relay's own connection, %s",
      async (_how, connection) => {
        const shared = createOutbox<never>({ cache, dialect: database.dialect, database: connection() } as never);
        await cache.set("k", "old");
        await database.exec("BEGIN");
        await shared.record(database.relay as never, { keys: ["k"] });
        const pass = await shared.drainOnce().catch((error) => error.code);
        await database.exec("COMMIT");
        expect(pass).toEqual(
          database.dialect === "sqlite" ? "GCX_OUTBOX_DATABASE" : { appliedCount: 0, failedCount: 0, parkedCount: 0 },
        );
        expect(await cache.get("k")).toBe("old");
        expect((await shared.drainOnce()).appliedCount).toBe(1);
        expect(await cache.get("k")).toBeUndefined();
      },
    );

    it("deletes keys of namespaces, prefixes and tagged entries, and clears views", async () => {
      const shop = cache.namespace("shop");
      const europe = shop.namespace("eu");
      await cache.set("tagged", 1, { tags: ["t"] });
      await cache.setMulti({ k: 1, "page:1": 1, other: 1 });
      await shop.setMulti({ k: 1, "page:1": 1 });
      await europe.setMulti({ a: 1 });
      await outbox.record(database.app, { keys: ["k"], namespace: "shop" });
      await outbox.record(database.app, { prefix: "page:", tags: ["t"] });
      await outbox.record(database.app, { clear: true, namespace: ["shop", "eu"] });
      expect((await outbox.drainOnce()).appliedCount).toBe(3);
      expect(await cache.getMulti(["k", "page:1", "other", "tagged"])).toEqual(
        new Map([
          ["k", 1],
          ["other", 1],
        ]),
      );
      expect(await shop.getMulti(["k", "page:1"])).toEqual(new Map([["page:1", 1]]));
      expect(await europe.get("a")).toBeUndefined();
    });

    it("takes any key: quotes, line breaks, NUL, lone surrogates, 64 KiB", async () => {
      const keys = ['it\'s "q"\n\\', "a\0b", "\ud800x", "日本語 🎉", "k".repeat(65_536)];
      for (const key of keys) await cache.set(key, 1);
      await begin();
      await outbox.record(database.app, { keys });
      await end("COMMIT");
      await outbox.drainOnce();
      expect((await cache.getMulti(keys)).size).toBe(0);
    });

    it("splits many keys into rows, and applies them in as few calls as batches", async () => {
      const keys = Array.from({ length: 1_001 }, (_, index) => `k${index}`);
      await cache.setMulti(Object.fromEntries(keys.map((key) => [key, 1])));
      await outbox.record(database.app, { keys });
      expect((await ownTables()).length).toBe(5);
      const applied = told("applied");
      expect((await outbox.drainOnce()).appliedCount).toBe(5);
      expect(applied).toMatchObject([{ rowCount: 5, keyCount: 1_001, tagCount: 0 }]);
      expect(cache.stats().keyCount).toBe(0);
    });

    it("goes on until nothing is due, batch by batch", async () => {
      const small = open({ batchSize: 2 });
      for (let index = 0; index < 7; index += 1) await small.record(database.app, { keys: [`k${index}`] });
      expect((await small.drainOnce()).appliedCount).toBe(7);
    });

    it("refuses to record what could not be applied, and writes nothing then", async () => {
      for (const wrong of [{}, { keys: [""] }, { keys: "k" }, { tags: [1] }, { namespace: "n" }, { key: "k" }, null]) {
        await expect(outbox.record(database.app, wrong as never)).rejects.toMatchObject({
          argument: expect.anything(),
        });
      }
      expect(await ownTables()).toEqual([]);
    });

    it("sets malformed rows apart and tells, while the others are applied", async () => {
      const parked = told("parked");
      await cache.set("k", 1);
      await database.exec(
        `INSERT INTO gocachex_outbox (payload) VALUES ('{"keys":[""]}'), ('no json'), ('{"kyes":["k"]}')`,
      );
      await database.exec(`INSERT INTO gocachex_outbox (payload) VALUES ('{"keys":["k"]}')`);
      expect(await outbox.drainOnce()).toEqual({ appliedCount: 1, failedCount: 0, parkedCount: 3 });
      expect(await cache.get("k")).toBeUndefined();
      expect(parked).toMatchObject(Array.from({ length: 3 }, () => ({ error: { code: "GCX_OUTBOX_ROW" } })));
      expect(await outbox.drainOnce()).toEqual({ appliedCount: 0, failedCount: 0, parkedCount: 0 });
      expect(await outbox.backlog()).toEqual({ pendingCount: 0, parkedCount: 3, oldestMs: 0 });
      for (const { parked_error: why } of await ownTables()) expect(why).toContain("cannot be read");
      await database.exec(`UPDATE gocachex_outbox SET payload = '{"keys":["k"]}', parked_error = NULL`);
      expect((await outbox.drainOnce()).appliedCount).toBe(3);
    });

    it("sets a row apart that asks for what the store cannot do, and applies the rest", async () => {
      const parked = told("parked");
      cache.deleteByPrefix = () => Promise.reject(new UnsupportedOperationError("deleteByPrefix", "It lists no keys."));
      await cache.set("k", 1);
      await outbox.record(database.app, { prefix: "page:" });
      await outbox.record(database.app, { keys: ["k"] });
      expect(await outbox.drainOnce()).toEqual({ appliedCount: 1, failedCount: 0, parkedCount: 1 });
      expect(await cache.get("k")).toBeUndefined();
      expect(parked).toMatchObject([{ error: { code: "GCX_OPERATION_UNSUPPORTED" } }]);
    });

    it("keeps rows while the store is away, and applies them once it is back", async () => {
      const failures = told("failure");
      const real = cache.deleteMulti.bind(cache);
      await cache.set("k", 1);
      await outbox.record(database.app, { keys: ["k"] });
      cache.deleteMulti = () => Promise.reject(new BackendUnavailableError("redis", "deleteMulti", "away"));
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        expect(await outbox.drainOnce()).toEqual({ appliedCount: 0, failedCount: 1, parkedCount: 0 });
        await database.exec("UPDATE gocachex_outbox SET due_at = 0");
      }
      expect(failures).toMatchObject([{ stage: "apply", rowCount: 1 }, {}, {}]);
      expect(await ownTables()).toMatchObject([{ attempts: 3 }]);
      expect(await outbox.backlog()).toMatchObject({ pendingCount: 1 });
      cache.deleteMulti = real;
      expect((await outbox.drainOnce()).appliedCount).toBe(1);
      expect(await cache.get("k")).toBeUndefined();
    });

    it("applies again what has an unknown outcome", async () => {
      const real = cache.deleteMulti.bind(cache);
      await cache.set("k", 1);
      await outbox.record(database.app, { keys: ["k"] });
      cache.deleteMulti = () => Promise.reject(new OutcomeUnknownError("redis", "deleteMulti"));
      expect((await outbox.drainOnce()).failedCount).toBe(1);
      cache.deleteMulti = real;
      await database.exec("UPDATE gocachex_outbox SET due_at = 0");
      await outbox.drainOnce();
      expect(await cache.get("k")).toBeUndefined();
    });

    it("keeps one failing row from holding up the rest of its batch", async () => {
      const real = cache.deleteMulti.bind(cache);
      cache.deleteMulti = (keys, options) =>
        [...keys].includes("bad") ? Promise.reject(new Error("this one")) : real(keys, options);
      for (const key of ["a", "bad", "b"]) await outbox.record(database.app, { keys: [key] });
      await cache.setMulti({ a: 1, b: 1 });
      expect(await outbox.drainOnce()).toEqual({ appliedCount: 2, failedCount: 1, parkedCount: 0 });
      expect((await cache.getMulti(["a", "b"])).size).toBe(0);
    });

    it("gives rows to one relay at a time, and to another when the first one died with them", async () => {
      const other = open();
      let isHeld = true;
      const real = cache.deleteMulti.bind(cache);
      let release = (): void => undefined;
      cache.deleteMulti = (keys, options) =>
        isHeld ? new Promise((resolve) => (release = () => resolve(real(keys, options)))) : real(keys, options);
      await outbox.record(database.app, { keys: ["k"] });
      const held = outbox.drainOnce();
      while ((await ownTables())[0]?.["attempts"] === 0) await new Promise(setImmediate);
      isHeld = false;
      expect((await other.drainOnce()).appliedCount).toBe(0);
      // As after the lease of a relay that died.
      await database.exec("UPDATE gocachex_outbox SET due_at = 0");
      expect((await other.drainOnce()).appliedCount).toBe(1);
      release();
      // It was late, and no row of anybody else pays for it.
      await outbox.record(database.app, { keys: ["next"] });
      await held;
      expect((await ownTables()).length).toBe(1);
    });

    it("tries a failed row again when it is due, though the next poll is far", async () => {
      const real = cache.deleteMulti.bind(cache);
      let failureCount = 0;
      cache.deleteMulti = (keys, options) => {
        if (![...keys].includes("bad") || failureCount === 2) return real(keys, options);
        failureCount += [...keys].length === 1 ? 1 : 0;
        return Promise.reject(new Error("not yet"));
      };
      await cache.setMulti({ good: 1, bad: 1 });
      for (const key of ["good", "bad"]) await outbox.record(database.app, { keys: [key] });
      const isDone = new Promise<void>((resolve) => {
        let rowCount = 0;
        outbox.on("applied", (event) => {
          rowCount += event.rowCount;
          if (rowCount === 2) resolve();
        });
      });
      outbox.start();
      await isDone;
      expect((await cache.getMulti(["good", "bad"])).size).toBe(0);
    });

    it("says how many rows wait and for how long", async () => {
      expect(await outbox.backlog()).toEqual({ pendingCount: 0, parkedCount: 0, oldestMs: 0 });
      await outbox.record(database.app, { keys: ["k"] });
      await database.exec("UPDATE gocachex_outbox SET recorded_at = recorded_at - 5000");
      const { pendingCount, oldestMs } = await outbox.backlog();
      expect(pendingCount).toBe(1);
      expect(oldestMs).toBeGreaterThanOrEqual(5_000);
      const applied = told("applied");
      await outbox.drainOnce();
      expect((applied[0] as { lagMs: number }).lagMs).toBeGreaterThanOrEqual(5_000);
      expect(outbox.stats()).toMatchObject({ appliedRowCount: 1, failureCount: 0, isRunning: false });
    });

    it("says what is wrong when its table is not there", async () => {
      await database.exec("DROP TABLE gocachex_outbox");
      await expect(outbox.drainOnce()).rejects.toMatchObject({ code: "GCX_OUTBOX_DATABASE" });
      await expect(outbox.record(database.app, { keys: ["k"] })).rejects.toThrow(/gocachex_outbox/);
    });

    it("looks at once when it is notified, and keeps rows for the next one when it is closed", async () => {
      const applied = new Promise((resolve) => outbox.on("applied", resolve));
      outbox.start();
      await outbox.record(database.app, { keys: ["k"] });
      outbox.notify();
      await applied;
      await outbox.close();
      await outbox.record(database.app, { keys: ["k"] });
      outbox.notify();
      await new Promise((resolve) => setImmediate(resolve));
      expect((await ownTables()).length).toBe(1);
      expect(() => outbox.start()).toThrow("closed");
      await expect(outbox.drainOnce()).rejects.toMatchObject({ code: "GCX_OUTBOX_CLOSED" });
    });

    it("gives a batch back at once when it is closed while the store hangs", async () => {
      const closing = open({ closeTimeout: 0, minRetryDelay: "30m", maxRetryDelay: "1h" });
      let isCalled = false;
      cache.deleteMulti = (_keys, options) =>
        new Promise((_resolve, reject) => {
          isCalled = true;
          options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
        });
      await closing.record(database.app, { keys: ["k"] });
      closing.start();
      while (!isCalled) await new Promise(setImmediate);
      await closing.close();
      expect(await ownTables()).toMatchObject([{ attempts: 1 }]);
      const next = open({ cache: createCache() });
      expect((await next.drainOnce()).appliedCount).toBe(1);
    });
  });
}
