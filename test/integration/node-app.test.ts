import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCache } from "../../src/create-cache.ts";
import { loadApp } from "../../src/server/load-app.ts";
import { startTestNode } from "./node-harness.ts";

describe("an application in the node", () => {
  it("sees its paths without the prefix and shares the cache", async () => {
    const cache = createCache();
    await using node = await startTestNode({
      cache,
      app: async (request, response) => {
        await cache.set("seen", request.url);
        response.end(`app ${request.url}`);
      },
    });
    expect(await (await node.ask("/app/users?x=1")).text()).toBe("app /users?x=1");
    expect(await (await node.ask("/v1/keys/seen")).json()).toBe("/users?x=1");
    const bare = await node.ask("/app?x=1", { redirect: "manual" });
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "/app/?x=1"]);
    expect((await node.ask("/apple")).status).toBe(404);
    expect(await (await node.ask("/v1/live")).json()).toMatchObject({ hasApp: true });
  });

  it("is answered for with 500 when it throws or rejects, and the node goes on", async () => {
    const failure = new Error("secret detail");
    await using node = await startTestNode({
      app: (request) => {
        if (request.url === "/throw") throw failure;
        return Promise.reject(failure);
      },
    });
    for (const path of ["/app/throw", "/app/reject"]) {
      const answer = await node.ask(path);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain("secret");
    }
    expect(node.errors).toEqual([failure, failure]);
    expect((await node.ask("/healthz")).status).toBe(200);
  });

  it("has its connection cut when it fails in the middle of an answer", async () => {
    await using node = await startTestNode({
      app: (_request, response) => {
        response.write("half");
        throw new Error("later");
      },
    });
    await expect(node.ask("/app/").then((answer) => answer.text())).rejects.toThrow();
    expect((await node.ask("/healthz")).status).toBe(200);
  });

  it("is a 404 where there is none", async () => {
    await using node = await startTestNode();
    expect((await node.ask("/app/")).status).toBe(404);
  });
});

describe("loading an application's module", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "gocachex-app-"));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  const load = async (source: string | undefined): Promise<unknown> => {
    const name = `app-${Math.random().toString(36).slice(2)}.mjs`;
    if (source !== undefined) await writeFile(join(directory, name), source);
    const cache = createCache();
    try {
      return await loadApp(name, directory, { cache, signal: new AbortController().signal });
    } finally {
      await cache.close();
    }
  };

  it("builds the handler, also by a promise", async () => {
    const source =
      "export default async ({ cache, signal }) => (request, response) => response.end(typeof cache.get + signal.aborted);";
    expect(await load(source)).toBeTypeOf("function");
  });

  it.each([
    ["there is no such file", undefined, "no file"],
    ["it has no default export", "export const app = 1;", "default export"],
    ["its default export is no function", "export default 1;", "default export"],
    ["it throws while it loads", "throw new Error('broken module');", "broken module"],
    ["it does not parse", "export default (", "cannot be loaded"],
    ["its function throws", "export default () => { throw new Error('no database'); };", "no database"],
    ["its function returns no handler", "export default () => null;", "returned null"],
  ])("says so when %s", async (_name, source, words) => {
    await expect(load(source)).rejects.toMatchObject({
      code: "GCX_CONFIG_INVALID",
      field: "app",
      message: expect.stringContaining(words),
    });
  });
});
