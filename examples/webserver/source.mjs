/**
 * The data source: a catalogue with an HTTP API in a process of its own, which can be made slow, broken or hung.
 *
 *   GET  /products/7            200 with an ETag, 304 to If-None-Match, 404
 *   GET  /products?ids=1,2,99   200 with those that there are
 *   PUT  /products/7?price=80   changes a price, and with it the ETag
 *   POST /behaviour?latency=2000&fail=false|true|hang
 *   GET  /counts                how often it was asked, and what of it were bodies
 *
 * It ends when whoever started it does.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const products = new Map(
  JSON.parse(readFileSync(new URL("./products.json", import.meta.url), "utf8")).map((product) => [
    product.id,
    { ...product, revision: 1 },
  ]),
);
const behaviour = { latency: 0, fail: "false" };
const counts = { requests: 0, bodies: 0, notModified: 0 };

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://source");
  const call = { url, method: request.method, ifNoneMatch: request.headers["if-none-match"] };
  if (url.pathname === "/counts") reply(response, 200, counts);
  else if (url.pathname === "/behaviour") reply(response, 200, changeBehaviour(url.searchParams));
  else void answerSlowly(call, response);
});

async function answerSlowly(call, response) {
  counts.requests += 1;
  await new Promise((resolve) => setTimeout(resolve, behaviour.latency));
  if (behaviour.fail === "hang") return;
  if (behaviour.fail === "true") reply(response, 503, { error: "The catalogue is being repaired." });
  else answer(call, response);
}

function answer({ url, method, ifNoneMatch }, response) {
  if (url.pathname === "/products") {
    const ids = (url.searchParams.get("ids") ?? "").split(",").map(Number);
    counts.bodies += 1;
    reply(
      response,
      200,
      ids.filter((id) => products.has(id)).map((id) => publicProduct(products.get(id))),
    );
    return;
  }
  const product = products.get(Number(url.pathname.slice("/products/".length)));
  if (product === undefined) {
    reply(response, 404, { error: "There is no such product." });
    return;
  }
  if (method === "PUT") changePrice(product, Number(url.searchParams.get("price")));
  const etag = `"${product.id}-${product.revision}"`;
  const headers = { etag, ...(product.maxAgeSeconds && { "cache-control": `max-age=${product.maxAgeSeconds}` }) };
  if (method === "GET" && ifNoneMatch === etag) {
    counts.notModified += 1;
    response.writeHead(304, headers).end();
    return;
  }
  counts.bodies += 1;
  reply(response, 200, publicProduct(product), headers);
}

function changePrice(product, price) {
  if (!(price > 0)) return;
  product.price = price;
  product.revision += 1;
}

function publicProduct({ id, name, category, price }) {
  return { id, name, category, price };
}

function changeBehaviour(wanted) {
  if (wanted.has("latency")) behaviour.latency = Math.max(0, Number(wanted.get("latency")) || 0);
  if (wanted.has("fail")) behaviour.fail = wanted.get("fail");
  return behaviour;
}

function reply(response, status, body, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(`${JSON.stringify(body)}\n`);
}

process.once("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.send?.({ port: server.address().port }));
