import { createServer } from "node:http";
import { AnswerTrace } from "./answer-trace.mjs";
import { ProductCache } from "./product-cache.mjs";
import { BadRequestError, readId, readOptions } from "./request-options.mjs";

/**
 * The service: products over HTTP, from the cache or the source, and switches to break both.
 *
 * @param {{ store: Awaited<ReturnType<typeof import("./store.mjs").openStore>>, source: import("./source-client.mjs").SourceClient }} parts
 */
export function createService({ store, source }) {
  const { cache } = store;
  const products = new ProductCache(cache, source);
  const trace = new AnswerTrace(cache);

  async function findOne({ id, query, signal }) {
    return trace.run(async (own) => {
      const key = String(id);
      const found = await products.find(id, readOptions(query, signal), () => own.loaded.add(key));
      const headers = { "x-cache": trace.describe(own, key) };
      if (found === null || found === undefined) return { status: 404, headers, body: { error: "No such product." } };
      return { status: 200, headers: { ...headers, age: ageOf(found) }, body: found.product };
    });
  }

  async function findMany({ query, signal }) {
    const ids = (query.get("ids") ?? "").split(",").map(readId);
    return trace.run(async (own) => {
      const onLoad = (loaded) => {
        for (const id of loaded) own.loaded.add(String(id));
      };
      const found = await products.findMany(ids, readOptions(query, signal), onLoad);
      const answers = ids.map((id) => `${id}=${trace.describe(own, String(id))}`);
      const body = [...found.values()].filter((each) => each !== null).map(({ product }) => product);
      return { status: 200, headers: { "x-cache": answers.join(", ") }, body };
    });
  }

  async function status() {
    const { hits, misses, loads, loadFailures, staleServed } = cache.stats();
    const cacheStats = { hits, misses, loads, loadFailures, staleServed };
    const asked = await source.counts().catch((error) => error.message);
    return { status: 200, body: { store: store.name, cache: cacheStats, source: asked } };
  }

  async function changeStore(wanted) {
    const state = store.change(wanted);
    if (state !== undefined) return { status: 200, body: { store: state } };
    const why = store.name === "memory" ? "The store is this process's memory; set REDIS_URL." : "up, down or hung?";
    return { status: 409, body: { error: why } };
  }

  /** What to do, by method and path; the parts in parentheses are handed on. */
  const routes = [
    ["GET", /^\/products\/([^/]+)$/, (text, call) => findOne({ ...call, id: readId(text) })],
    ["GET", /^\/products$/, (_, call) => findMany(call)],
    [
      "PUT",
      /^\/products\/([^/]+)$/,
      async (text, { query }) => ({ status: 200, body: await products.changePrice(readId(text), query.get("price")) }),
    ],
    [
      "POST",
      /^\/invalidate\/([^/]+)$/,
      async (tag) => {
        await products.invalidate(decodeURIComponent(tag));
        return { status: 204 };
      },
    ],
    ["POST", /^\/source$/, async (_, { query }) => ({ status: 200, body: await source.changeBehaviour(query) })],
    ["POST", /^\/store\/([^/]+)$/, (wanted) => changeStore(wanted)],
    ["GET", /^\/status$/, status],
  ];

  async function answer(request, signal) {
    const { pathname, searchParams: query } = new URL(request.url, "http://service");
    for (const [method, path, run] of routes) {
      const match = method === request.method ? path.exec(pathname) : null;
      if (match !== null) return run(match[1], { query, signal });
    }
    return { status: 404, body: { error: `There is no ${request.method} ${pathname} here.` } };
  }

  return createServer(async (request, response) => {
    const startedAt = performance.now();
    const client = new AbortController();
    response.once("close", () => client.abort(new Error("The client has gone.")));
    const { status, headers, body } = await answer(request, client.signal).catch(failure);
    if (client.signal.aborted) return;
    const took = `${Math.round(performance.now() - startedAt)} ms`;
    response.writeHead(status, { "content-type": "application/json", ...headers, "x-took": took });
    response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
  });
}

/** What a client is told when nothing could stand in. */
function failure(error) {
  const { code, message } = error;
  const isRefused = error instanceof BadRequestError || /^GCX_(ARGUMENT|OPERATION)/.test(code ?? "");
  const status = isRefused ? 400 : code === "GCX_LOADER_TIMEOUT" ? 504 : code?.startsWith("GCX_") ? 503 : 502;
  return { status, headers: { "x-cache": "none" }, body: { error: code ?? error.name, message } };
}

/** Seconds since the source was read, as the header `age` has them. */
function ageOf({ readAt }) {
  return String(Math.floor((Date.now() - readAt) / 1_000));
}
