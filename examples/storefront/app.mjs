/**
 * A small shop on a cache node: `gocachex serve --app examples/storefront/app.mjs` mounts it under /app/.
 *
 * | request | answer |
 * |---|---|
 * | `GET /` | HTML list of popular products |
 * | `GET /products/{id}` | the page: HTML for browsers (`Accept: text/html`), else its model as JSON; header `x-cache`: `hit`, `miss`, or `off` with `?cache=off` |
 * | `POST /products/{id}/price` | `{"price": 12.5}` changes the price; the next read shows it |
 * | `GET /metrics.json` | what the shop counts itself |
 *
 * What goes wrong is answered as a JSON problem.
 */

import { setMaxListeners } from "node:events";
import { openCatalogue } from "./catalogue.mjs";
import { CATALOGUE_FILE, ensureCatalogueFile } from "./catalogue-file.mjs";
import { renderHomePage } from "./home-page.mjs";
import { CONTENT_SECURITY_POLICY } from "./html-page.mjs";
import { HttpProblem, readJson, sendJson, sendProblem, sendText } from "./http-replies.mjs";
import { PRODUCT_COUNT, popularProductIds } from "./popularity.mjs";
import { renderProductPage } from "./product-page.mjs";
import { createProductPages } from "./product-pages.mjs";

const HOME_PAGE_PRODUCT_COUNT = 20;
const BODY_LIMIT_BYTES = 1_024;
const HIGHEST_PRICE = 1_000_000;

/** Only paths matter here; this stands in for the node's own address, which the shop does not know. */
const ORIGIN = "http://storefront.invalid";
const PRODUCT_PATH = /^\/products\/([1-9][0-9]{0,8})$/;
const PRICE_PATH = /^\/products\/([1-9][0-9]{0,8})\/price$/;

/**
 * Creates the shop.
 *
 * @param {{ cache: import("gocachex").Cache, signal: AbortSignal }} node the node's cache; `signal` is aborted when it stops
 * @returns {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void}
 */
export default function createStorefront({ cache, signal }) {
  ensureCatalogueFile();
  const catalogue = openCatalogue({ file: CATALOGUE_FILE, productCount: PRODUCT_COUNT, signal });
  const pages = createProductPages({ cache, catalogue });
  return (request, response) => {
    // A visitor who leaves takes the work done for him alone with him.
    const visitor = new AbortController();
    // A page makes many calls, and each of them listens.
    setMaxListeners(0, visitor.signal);
    response.on("close", () => {
      if (!response.writableFinished) visitor.abort();
    });
    route(pages, request, response, visitor.signal).catch((error) => sendProblem(response, error));
  };
}

async function route(pages, request, response, signal) {
  if (!URL.canParse(request.url, ORIGIN)) throw new HttpProblem(400, "The address is not a valid URL.");
  const url = new URL(request.url, ORIGIN);
  const product = PRODUCT_PATH.exec(url.pathname);
  const price = PRICE_PATH.exec(url.pathname);
  if (product !== null) {
    allowMethods(request, ["GET", "HEAD"]);
    await showProduct(pages, Number(product[1]), url.searchParams.get("cache"), request, response, signal);
  } else if (price !== null) {
    allowMethods(request, ["POST"]);
    await changePrice(pages, Number(price[1]), request, response);
  } else if (url.pathname === "/") {
    allowMethods(request, ["GET", "HEAD"]);
    await showHome(pages, response, signal);
  } else if (url.pathname === "/metrics.json") {
    allowMethods(request, ["GET", "HEAD"]);
    sendJson(response, 200, { overtakenLoads: pages.overtakenLoadCount() });
  } else {
    throw new HttpProblem(404, "There is no such page. Start at the front page.");
  }
}

function allowMethods(request, methods) {
  if (methods.includes(request.method)) return;
  throw new HttpProblem(405, `Use ${methods.join(" or ")}.`, { allow: methods.join(", ") });
}

async function showHome(pages, response, signal) {
  const startedAt = performance.now();
  const { teasers, waited } = await pages.teasers(popularProductIds(HOME_PAGE_PRODUCT_COUNT), signal);
  const origin = { cacheState: waited ? "miss" : "hit", tookMs: performance.now() - startedAt };
  sendHtml(response, renderHomePage(teasers, origin), origin.cacheState);
}

async function showProduct(pages, id, cacheMode, request, response, signal) {
  const startedAt = performance.now();
  if (cacheMode !== null && cacheMode !== "off") throw new HttpProblem(400, "The query may be cache=off or nothing.");
  const isCacheOff = cacheMode === "off";
  const { page, waited } = isCacheOff
    ? { page: await pages.uncachedPage(id, signal), waited: true }
    : await pages.cachedPage(id, signal);
  if (page === undefined) throw unknownProduct(id);
  const cacheState = isCacheOff ? "off" : waited ? "miss" : "hit";
  if (/\btext\/html\b/i.test(request.headers.accept ?? "")) {
    const tookMs = performance.now() - startedAt;
    sendHtml(response, renderProductPage(page, { cacheState, tookMs }), cacheState);
  } else {
    sendJson(response, 200, page, { "x-cache": cacheState, vary: "Accept" });
  }
}

function sendHtml(response, html, cacheState) {
  const headers = { "content-security-policy": CONTENT_SECURITY_POLICY, "x-cache": cacheState, vary: "Accept" };
  sendText(response, 200, "text/html; charset=utf-8", html, headers);
}

async function changePrice(pages, id, request, response) {
  const body = await readJson(request, BODY_LIMIT_BYTES);
  const price = body?.price;
  if (typeof price !== "number" || !(price > 0 && price <= HIGHEST_PRICE)) {
    throw new HttpProblem(400, `Send {"price": number} with a price above 0 and up to ${HIGHEST_PRICE}.`);
  }
  if (!(await pages.changePrice(id, price))) throw unknownProduct(id);
  sendJson(response, 200, { id, price });
}

function unknownProduct(id) {
  return new HttpProblem(404, `There is no product ${id}.`);
}
