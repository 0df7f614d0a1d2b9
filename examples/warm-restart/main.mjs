/**
 * A cache that outlives its process. Run it after a build: node examples/warm-restart/main.mjs
 *
 * `stop` and `start` are what a service would do at its end and at its beginning.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCache, SnapshotError } from "gocachex";

const folder = await mkdtemp(join(tmpdir(), "warm-restart-"));
const file = join(folder, "cache.snapshot");
const PRODUCT_COUNT = 2_000;

/** The end of a process: dump beside the former file, then take its place in one step. */
async function stop(cache) {
  const written = await cache.dump(createWriteStream(`${file}.new`));
  await rename(`${file}.new`, file);
  await cache.close();
  return written;
}

/** The beginning of a process. A snapshot that cannot be used costs nothing but the first misses. */
async function start() {
  const cache = createCache({ memory: { maxSize: "50MB" } });
  try {
    return { cache, loaded: await cache.load(createReadStream(file)) };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return { cache, refusal: error };
  }
}

/** Requests as they come: a few products are asked for most of the time. */
async function serve(cache, requestCount) {
  let loads = 0;
  const loadProduct = ({ key }) => {
    loads += 1;
    return { key, name: `Product ${key}`, seenAt: new Date(), tags: new Set(["new", "sale"]) };
  };
  for (let request = 0; request < requestCount; request += 1) {
    const id = Math.floor(((request * 7_919) % PRODUCT_COUNT) ** 2 / PRODUCT_COUNT);
    await cache.getOrSet(`product:${id}`, loadProduct, { ttl: "10m", tags: ["products"] });
  }
  return `${Math.round((1 - loads / requestCount) * 100)} % hits`;
}

function show(label, ...results) {
  console.log(`  ${label.padEnd(46)}`, ...results);
}

try {
  console.log("\nThe first process");
  const first = await start();
  show("nothing to load yet", first.refusal.code);
  show("its first 1,000 requests, cold", await serve(first.cache, 1_000));
  await first.cache.set("session", "over soon", "2s");
  await first.cache.set("callback", () => "functions cannot be written");
  const { entryCount, skippedCount, byteCount } = await stop(first.cache);
  show("dumped: entries, left out", entryCount, skippedCount);
  show("in a file of about", `${Math.round(byteCount / 1_024)} KB`);

  console.log("\nThe second process");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const second = await start();
  show("loaded: entries, over or not free", second.loaded.entryCount, second.loaded.skippedCount);
  show("its first 1,000 requests, warm", await serve(second.cache, 1_000));
  const product = await second.cache.getEntry("product:0");
  show("types are as they were", product.value.seenAt instanceof Date, product.value.tags);
  show("the TTL went on", product.ttl < 600_000);
  await second.cache.invalidateTags(["products"]);
  show("tags still work", await second.cache.exists("product:0"));
  await second.cache.close();

  console.log("\nA damaged file");
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(file, bytes);
  const third = await start();
  show("is refused", third.refusal.code);
  show("and nothing of it stays", third.cache.stats().keyCount);
  await third.cache.close();
} finally {
  await rm(folder, { recursive: true });
}
