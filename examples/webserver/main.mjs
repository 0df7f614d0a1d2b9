/**
 * Products over HTTP, cached with every option of `getOrSet`. See README.md beside this file for what to try.
 *
 *   PORT        where it listens; default 8080, 0: any free port
 *   REDIS_URL   keeps the products in this Redis instead of memory
 *   SOURCE_URL  asks this source instead of starting one: a second service for the same data
 */
import { once } from "node:events";
import process from "node:process";
import { createService } from "./service.mjs";
import { SourceClient } from "./source-client.mjs";
import { startSource } from "./source-process.mjs";
import { openStore } from "./store.mjs";

const { PORT = "8080", REDIS_URL = "", SOURCE_URL = "" } = process.env;

const started = SOURCE_URL === "" ? await startSource() : undefined;
const sourceUrl = started?.url ?? SOURCE_URL;
const store = await openStore(REDIS_URL);
const service = createService({ store, source: new SourceClient(sourceUrl) });

service.listen(Number(PORT), "127.0.0.1");
await once(service, "listening");
console.log(`The products are at http://127.0.0.1:${service.address().port}/products/1, in ${store.name}.`);
console.log(`Their source is at ${sourceUrl}. Ctrl-C stops both.`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void stop());

async function stop() {
  service.close();
  service.closeIdleConnections();
  await store.close();
  await started?.stop();
  service.closeAllConnections();
}
