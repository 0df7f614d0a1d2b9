import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cache, createCache } from "../../src/index.ts";
import { importStorefront } from "./storefront-module.ts";

const { default: createStorefront } = await importStorefront<{
  default(node: { cache: Cache; signal: AbortSignal }): RequestListener;
}>("app.mjs");

const stopping = new AbortController();
const cache = createCache();
const server = createServer(createStorefront({ cache, signal: stopping.signal }));
let origin = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  stopping.abort(new Error("the test is over"));
  server.closeAllConnections();
  server.close();
  await cache.close();
});

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${origin}${path}`, { headers });

describe("the shop's pages", () => {
  it("are HTML for browsers and JSON for everybody else", async () => {
    const json = await get("/products/7");
    expect(json.headers.get("content-type")).toContain("application/json");
    expect(((await json.json()) as { product: { id: number } }).product.id).toBe(7);
    const html = await get("/products/7", BROWSER);
    expect(html.headers.get("content-type")).toContain("text/html");
    expect(html.headers.get("vary")).toBe("Accept");
    expect(await html.text()).toContain("<h1>");
  });

  it("say how long they took and where they came from", async () => {
    const say = async (path: string): Promise<readonly [string | null, string | undefined]> => {
      const response = await get(path, BROWSER);
      const told = /took <strong>[0-9.]+ ms<\/strong>[^(]+\(<code>x-cache: (\w+)</.exec(await response.text());
      return [response.headers.get("x-cache"), told?.[1]];
    };
    expect(await say("/products/11")).toEqual(["miss", "miss"]);
    expect(await say("/products/11")).toEqual(["hit", "hit"]);
    expect(await say("/products/11?cache=off")).toEqual(["off", "off"]);
    expect((await say("/"))[1]).toBe("miss");
    expect(await say("/")).toEqual(["hit", "hit"]);
  });

  it.each(["/", "/products/3"])("%s asks for nothing else, and allows only its own style", async (path) => {
    const response = await get(path, BROWSER);
    const html = await response.text();
    expect(html).toContain('<link rel="icon" href="data:,">');
    expect(html).not.toMatch(/<script|\son\w+=|\ssrc=|style="/);
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] as string;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(response.headers.get("content-security-policy")).toContain(`style-src 'sha256-${hash}'`);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("keep a price and its currency on one line", async () => {
    const html = await (await get("/", BROWSER)).text();
    expect(html).toMatch(/[0-9]\.[0-9]{2}\u00a0EUR/);
    expect(html).not.toMatch(/[0-9]\.[0-9]{2} EUR/);
  });

  it("lead to pages that exist", async () => {
    const paths = ["/", "/products/5"];
    for (const path of paths) {
      const html = await (await get(path, BROWSER)).text();
      const links = [...html.matchAll(/<a href="([^"]+)"/g)].map(([, link]) => new URL(link as string, origin + path));
      expect(links.length).toBeGreaterThan(3);
      for (const link of links.slice(-4)) expect((await fetch(link, { headers: BROWSER })).status).toBe(200);
    }
  });
});
