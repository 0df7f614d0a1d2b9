import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDashboardFiles } from "../../src/server/dashboard/dashboard-files.ts";
import type { NodeLiveDocument } from "../../src/server/dashboard/live-streams.ts";
import { fileAt } from "../../src/server/dashboard/send-dashboard.ts";
import { openSocket, problemIn, type RunningNode, startTestNode } from "./node-harness.ts";

const AS_STREAM = { headers: { Accept: "text/event-stream" } };

/** The documents of a stream, as they come. */
async function* documentsOf(response: Response): AsyncGenerator<NodeLiveDocument> {
  let text = "";
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(piece);
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1] as string;
      text = text.slice(end + 2);
      yield JSON.parse(data) as NodeLiveDocument;
    }
  }
}

async function take(documents: AsyncGenerator<NodeLiveDocument>): Promise<NodeLiveDocument> {
  const { value, done } = await documents.next();
  if (done === true) throw new Error("The stream ended.");
  return value;
}

describe("what happens in a node, for those who watch", () => {
  let node: RunningNode;

  beforeEach(async () => {
    node = await startTestNode();
  });
  afterEach(() => node[Symbol.asyncDispose]());

  it("is one document for those who poll", async () => {
    await node.put("/v1/keys/a", 1);
    const answer = await node.ask("/v1/live");
    expect(answer.headers.get("content-type")).toBe("application/json");
    const document = (await answer.json()) as NodeLiveDocument;
    expect(document).toMatchObject({ name: "", backend: "memory", nearTier: "memory", hasApp: false, history: [] });
    expect(document.stats.sets).toBe(1);
    expect(document.hotKeys.isWatching).toBe(false);
  });

  it("comes as a document a second, the first with the history", async () => {
    const documents = documentsOf(await fetch(`${node.url}/v1/live`, AS_STREAM));
    const first = await take(documents);
    await node.put("/v1/keys/a", 1);
    await node.ask("/v1/keys/a");
    const second = await take(documents);
    const third = await take(documents);
    expect([first.history, second.history]).toEqual([[], undefined]);
    expect((second.second?.sets ?? 0) + (third.second?.sets ?? 0)).toBe(1);
    expect(third.hotKeys.keys[0]).toMatchObject({ key: "a", namespace: "" });
    expect((third.second?.at ?? 0) - (second.second?.at ?? 0)).toBeGreaterThan(500);
    await documents.return(undefined);
  });

  it("stops counting hot keys when the last watcher has gone", async () => {
    const leaving = new AbortController();
    const documents = documentsOf(await fetch(`${node.url}/v1/live`, { ...AS_STREAM, signal: leaving.signal }));
    expect((await take(documents)).hotKeys.isWatching).toBe(true);
    leaving.abort();
    const isWatching = async () => ((await (await node.ask("/v1/live")).json()) as NodeLiveDocument).hotKeys.isWatching;
    await expect.poll(isWatching).toBe(false);
    await documents.next().catch(() => undefined);
  });

  it("is refused to more watchers than are sensible, and free again when one leaves", async () => {
    const sockets = [];
    for (let watcher = 0; watcher < 16; watcher += 1) {
      const socket = await openSocket(node.node);
      socket.write("GET /v1/live HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
      await new Promise((resolve) => socket.once("data", resolve));
      socket.resume();
      sockets.push(socket);
    }
    const refused = await node.ask("/v1/live", AS_STREAM);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await problemIn(refused)).detail).toContain("16 watchers");
    expect((await node.ask("/v1/live")).status).toBe(200);
    sockets[0]?.destroy();
    const leaving = new AbortController();
    const statusOf = async () => (await fetch(`${node.url}/v1/live`, { ...AS_STREAM, signal: leaving.signal })).status;
    await expect.poll(statusOf).toBe(200);
    leaving.abort();
    for (const socket of sockets) socket.destroy();
  });

  it("ends with the node, which does not wait for it", async () => {
    const documents = documentsOf(await fetch(`${node.url}/v1/live`, AS_STREAM));
    await take(documents);
    const startedAt = performance.now();
    await node.node.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    let rest = 0;
    for await (const _ of documents) rest += 1;
    expect(rest).toBeLessThan(2);
  });
});

describe("a value for people who look at it", () => {
  it("is cut where it is large, with its size, and says what it is", async () => {
    await using node = await startTestNode();
    const { cache } = node;
    await cache.set("text", "é".repeat(50_000), { ttl: "1m", tags: ["t"] });
    await cache.set("bytes", Buffer.from([0, 1, 2, 255]));
    await cache.set("date", new Date(0));
    await cache.set("list", [1, 2, 3]);
    await cache.set("bigint", 2n ** 70n);
    const look = async (path: string): Promise<Record<string, unknown>> =>
      (await (await node.ask(`/v1/keys/${path}`)).json()) as Record<string, unknown>;
    const text = await look("text/preview?limit=10");
    expect(text).toMatchObject({ type: "json", shape: "string", sizeBytes: 100_002, isCut: true, tags: ["t"] });
    // One quote and four of the two-byte letters: half a letter is left out.
    expect(text["text"]).toBe('"éééé');
    expect(await look("bytes/preview")).toMatchObject({
      type: "bytes",
      shape: "Buffer",
      sizeBytes: 4,
      text: "AAEC/w==",
    });
    expect(await look("date/preview")).toMatchObject({ shape: "Date", exact: false, isCut: false });
    expect(await look("list/preview")).toMatchObject({ shape: "array of 3", text: "[1,2,3]", exact: true });
    expect(await look("bigint/preview")).toMatchObject({
      type: "bigint",
      shape: "bigint",
      text: "1180591620717411303424",
    });
    expect((await node.ask("/v1/keys/none/preview")).status).toBe(404);
    for (const limit of ["0", "x", "2000000"]) {
      expect((await node.ask(`/v1/keys/text/preview?limit=${limit}`)).status).toBe(400);
    }
  });
});

describe("the files of the dashboard", () => {
  it("may run from this node only, and are kept as long as they are the same", async () => {
    await using node = await startTestNode();
    const page = await node.ask("/");
    const html = await page.text();
    expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-cache"]);
    expect(page.headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|(?:src|href)="(?:https?:)?\/\//);
    const etag = page.headers.get("etag") as string;
    expect((await node.ask("/", { headers: { "If-None-Match": etag } })).status).toBe(304);
    const paths = [...html.matchAll(/(?:src|href)="\.?(\/assets\/[^"]+)"/g)].map(([, path]) => path as string);
    expect(paths.length).toBeGreaterThanOrEqual(3);
    for (const path of paths) {
      const file = await node.ask(path);
      expect([file.status, file.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
      expect(file.headers.get("content-type")).toMatch(/^(text\/(javascript|css); charset=utf-8|image\/svg\+xml)$/);
    }
    expect((await node.ask("/assets/none.js")).status).toBe(404);
    expect((await node.ask("/assets/..%2f..%2fpackage.json")).status).toBe(404);
  });

  it("are none where nothing was built, and the page says what to run", async () => {
    const folder = await mkdtemp(join(tmpdir(), "gocachex-dashboard-"));
    try {
      const files = await readDashboardFiles(pathToFileURL(`${folder}/`));
      expect(files.size).toBe(0);
      expect(String(fileAt(files, "/")?.bytes)).toContain("make build");
      expect(fileAt(files, "/assets/index.js")).toBeUndefined();
      expect((await readDashboardFiles(pathToFileURL(`${folder}/none/`))).size).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
