import process from "node:process";
import { executeOnPostgres, executeOnSqlite } from "../../../src/adapters/outbox/connection.ts";
import { createOutbox } from "../../../src/adapters/outbox/create-outbox.ts";
import type { Outbox } from "../../../src/adapters/outbox/outbox.ts";
import { createCache } from "../../../src/create-cache.ts";
import { openSession, type SqlConnection, type SqlSession } from "./sql-database.ts";

/** What the process is told, as JSON in its first argument. */
export interface OutboxTask {
  readonly dialect: "postgres" | "sqlite";
  readonly address: string;
  readonly redisAddress: string;
  /**
   * - `application`: commits a change of each key in a transaction of its own, every fifth rolled back, and dies of SIGKILL right after the last commit
   * - `relay`: applies until it is ended
   * - `dying-relay`: dies of SIGKILL when it is about to remove the first rows that it applied
   */
  readonly role: "application" | "relay" | "dying-relay";
  readonly keys: readonly string[];
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] as string) as OutboxTask;
  const session = await openSession(task.dialect, task.address);
  const cache = createCache({ backend: "redis", redis: { addresses: [task.redisAddress] } });
  await cache.ready();
  const execute = task.dialect === "postgres" ? executeOnPostgres : executeOnSqlite;
  const outbox = createOutbox<SqlConnection>({
    ...{ cache, dialect: task.dialect, database: session.connection, pollInterval: 20, lease: "1s", batchSize: 5 },
    execute: (connection, sql, params) => {
      if (task.role === "dying-relay" && sql.startsWith("DELETE")) dieNow();
      return execute(connection, sql, params);
    },
  });
  console.log("ready");
  if (task.role === "application") await changeAll(task, session, outbox);
  else outbox.start();
}

async function changeAll(task: OutboxTask, session: SqlSession, outbox: Outbox<SqlConnection>): Promise<void> {
  for (const [index, key] of task.keys.entries()) {
    await session.exec(task.dialect === "sqlite" ? "BEGIN IMMEDIATE" : "BEGIN");
    await session.exec(`INSERT INTO changes (name) VALUES ('${key}')`);
    await outbox.record(session.connection, { keys: [key] });
    await session.exec(index % 5 === 4 ? "ROLLBACK" : "COMMIT");
  }
  dieNow();
}

function dieNow(): never {
  process.kill(process.pid, "SIGKILL");
  // The signal is on its way; nothing may happen meanwhile.
  for (;;);
}

await main();
