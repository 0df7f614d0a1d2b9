/**
 * Values as bytes: serialized, compressed, encrypted, and read back equal or not at all. Run it after a build: node examples/codec/main.mjs
 *
 * Every step has a store of its own, a few lines around a Map (byte-store.mjs), and looks into it as an operator or an intruder would.
 */
import { createHash, randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { createCache, gobSerializer, gobStruct, trainDictionary } from "gocachex";
import { createByteStore, storedBytes } from "./byte-store.mjs";
import { Money, moneySerializer } from "./money-serializer.mjs";

function show(label, ...results) {
  console.log(`  ${label.padEnd(48)}`, ...results);
}

/** The events that say why a read was a miss. */
function watchUnreadable(cache) {
  const reasons = [];
  cache.on("unreadable", ({ reason }) => reasons.push(reason));
  return reasons;
}

async function equality() {
  console.log("\nWhat is read is equal to what was written");
  const store = createByteStore();
  const cache = createCache({ backend: store.backend });
  const user = {
    id: 7n,
    since: new Date(0),
    roles: new Set(["admin"]),
    limits: new Map([["api", -0]]),
    note: undefined,
  };
  user.self = user;
  await cache.set("user:7", user);
  const back = await cache.get("user:7");
  show("Date, Set, Map, BigInt, -0, undefined, a cycle", isDeepStrictEqual(back, user), back.self === back);
  await cache.set("plain", { id: 7, name: "Ada" });
  show("plain data is JSON behind a head of 8 bytes", store.rows.get("plain").value.toString("utf8", 8));
  await cache.set("visits", 42);
  show("an integer is its digits, so stores can count", store.rows.get("visits").value.toString());
  const refusal = await cache.set("user:8", { name: "Eve", onClick() {} }).catch((error) => error);
  show("what would be lost is refused, with its path", refusal.code, refusal.path);
  await cache.close();
}

/** Small records that are alike, as caches are full of; the digest is what no compression makes smaller. */
function product(id) {
  const digest = createHash("sha256").update(`product ${id}`).digest("hex").slice(0, 16);
  const price = { amount: ((id * 7_919) % 90_000) / 100, currency: "EUR" };
  const colour = ["black", "white", "steel", "red"][id % 4];
  return {
    sku: `GX-${id}`,
    name: `Espresso machine ${id}`,
    digest,
    colour,
    price,
    inStock: id % 3 !== 0,
    category: "kitchen",
  };
}

async function sizeWith(config) {
  const store = createByteStore();
  const cache = createCache({ backend: store.backend, ...config });
  try {
    await cache.setMulti(Array.from({ length: 500 }, (_, index) => [`product:${index}`, product(index)]));
    return `${Math.round(storedBytes(store) / 500)} bytes`;
  } catch (error) {
    // An optional package that is not there; the message says what to install.
    if (error.code !== "GCX_DEPENDENCY_MISSING") throw error;
    return `skipped: ${error.dependency} is not installed`;
  } finally {
    await cache.close();
  }
}

async function sizes() {
  console.log("\nBytes of a small record, with its head");
  const samples = Array.from({ length: 1_000 }, (_, index) => Buffer.from(JSON.stringify(product(10_000 + index))));
  const dictionary = trainDictionary(samples, { sizeBytes: 4_096 });
  const compressionDictionaries = [Buffer.from(dictionary.bytes).toString("base64")];
  const compressed = { compression: true, compressionThreshold: 0 };
  show("json", await sizeWith({}));
  show("msgpack (package msgpackr)", await sizeWith({ serializer: "msgpack" }));
  show("json, gzip: each alone has little to gain", await sizeWith(compressed));
  show("json, gzip with a dictionary", await sizeWith({ ...compressed, compressionDictionaries }));
  const zstd = { ...compressed, compressionAlgorithm: "zstd", compressionDictionaries };
  show("json, zstd with it (Node.js 22.19 or a package)", await sizeWith(zstd));
}

async function encryption() {
  console.log("\nEncrypted, and the key is changed");
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)].map((key) => key.toString("base64"));
  const store = createByteStore();
  const open = (...keys) => createCache({ backend: store.backend, encryption: { keys } });

  const before = open(oldKey);
  await before.set("token", { secret: "the name of the cat" });
  show("the store sees the secret", store.rows.get("token").value.includes("cat"));

  const during = open(newKey, oldKey);
  show("[new, old] reads what the old key wrote", (await during.get("token")).secret);
  await during.set("session", { user: 7 });

  const after = open(newKey);
  const reasons = watchUnreadable(after);
  show("[new] reads what the new key wrote", await after.get("session"));
  show("and takes what the old one wrote for a miss", await after.get("token"), ...reasons.splice(0));

  store.rows.set("admin", store.rows.get("session"));
  show("a value that was moved to another key", await after.get("admin"), ...reasons.splice(0));
  for (const cache of [before, during, after]) await cache.close();
}

async function damage() {
  console.log("\nBytes that are not what was written");
  const store = createByteStore();
  const cache = createCache({ backend: store.backend });
  const reasons = watchUnreadable(cache);
  await cache.set("price", { amount: 100 });
  const { value } = store.rows.get("price");
  value[value.length - 2] ^= 1;
  show("one bit flipped", await cache.get("price"), ...reasons.splice(0));
  show("getOrSet loads it anew", await cache.getOrSet("price", () => ({ amount: 100 })));
  reasons.length = 0;
  store.rows.get("price").value = Buffer.from("written by hand");
  show("another program's bytes", await cache.get("price"), ...reasons.splice(0));
  await cache.close();

  const strict = createCache({ backend: store.backend, unreadableValues: "error" });
  const error = await strict.get("price").catch((caught) => caught);
  show('with unreadableValues: "error"', error.code, error.reason);
  await strict.close();
}

/** What a Go program wrote: gob.NewEncoder(&buf).Encode(User{ID: 7, Name: "Ada", Tags: …, Since: …}) */
const FROM_GO =
  "N/+BAwEBBFVzZXIB/4IAAQQBAklEAQQAAQROYW1lAQwAAQRUYWdzAf+EAAEFU2luY2UB/4YAAAAW/4MCAQEIW11zdHJpbmcB/4QAAQwAABD/hQUBAQRUaW1lAf+GAAAAKv+C" +
  "AQ4BA0FkYQECBWFkbWluBmVkaXRvcgEPAQAAAA7g6SylAAAAAP//AA==";

async function go() {
  console.log("\nShared with a Go program, as gobs");
  const user = gobStruct("main.User", {
    id: { name: "ID", type: "int" },
    name: "string",
    tags: ["string"],
    since: "time.Time",
  });
  const store = createByteStore();
  const serializer = gobSerializer({ structs: [user] });
  const cache = createCache({ backend: store.backend, serializer, envelope: false });
  store.rows.set("user:7", { value: Buffer.from(FROM_GO, "base64"), version: 1, expiresAt: Number.POSITIVE_INFINITY });
  const { id, name, tags, since } = await cache.get("user:7");
  show("what Go wrote", id, name, tags, since.toISOString());
  await cache.set("user:8", { id: 8, name: "Grace", tags: [], since: new Date(0) });
  show(
    "what Go will read names its fields",
    ["ID", "Name", "Tags", "Since"].every((field) => Buffer.from(store.rows.get("user:8").value).includes(field)),
  );
  await cache.close();
}

async function ownSerializer() {
  console.log("\nA serializer of our own");
  const cache = createCache({ backend: createByteStore().backend, serializer: moneySerializer });
  await cache.set("cart", { items: 3, total: new Money(59.9, "EUR") });
  const { total } = await cache.get("cart");
  show("instances of a class come back as such", total instanceof Money, total.toString());
  await cache.close();
}

await equality();
await sizes();
await encryption();
await damage();
await go();
await ownSerializer();
