/**
 * A process of the shop that changes the price of product 1, and dies of SIGKILL between its commit and its invalidation. main.mjs starts it.
 *
 *   node change-price.mjs <price> <file> <"with outbox" | "without">
 */
import process from "node:process";
import { createCache } from "gocachex";
import { createOutbox } from "gocachex/outbox";
import { dialect, open } from "./database.mjs";

const [price, file, how] = process.argv.slice(2);
const cache = createCache({ backend: "redis", namespace: "outbox-example", redis: { url: process.env.REDIS_URL } });
const database = await open(file);
const outbox = createOutbox({ cache, dialect, database: database.connection, table: "example_outbox" });

await database.run(dialect === "sqlite" ? "BEGIN IMMEDIATE" : "BEGIN");
await database.run(`UPDATE example_products SET price = ${Number(price)} WHERE id = 1`);
if (how === "with outbox") await outbox.record(database.connection, { keys: ["product:1"] });
await database.run("COMMIT");

process.kill(process.pid, "SIGKILL");
// Never reached.
await cache.delete("product:1");
