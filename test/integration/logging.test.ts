import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../scripts/servers/free-port.ts";
import { startRedis } from "../../scripts/servers/start-redis.ts";
import { createCache } from "../../src/create-cache.ts";
import { bundleScript } from "./support/script-bundle.ts";

let worker: string;

beforeAll(async () => {
  worker = await bundleScript("test/integration/logging-worker.ts");
});

function start(mode: string): ChildProcess {
  return spawn(process.execPath, [worker, mode], { stdio: ["ignore", "pipe", "pipe"] });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = "";
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

describe("the log that a configuration asks for", () => {
  it("is one JSON object a line on the standard output, by pino, and whole when the process ends", async () => {
    const child = start("json");
    const [text] = await Promise.all([textOf(child.stdout), once(child, "exit")]);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ event, msg }) => `${event} ${msg}`)).toEqual(["set set", "hit hit", "close closed"]);
    expect(lines[0]).toMatchObject({ level: 10, name: "gocachex", key: expect.stringMatching(/^#[0-9a-f]{12}$/) });
    expect(Date.parse(lines[0].time)).toBeGreaterThan(Date.now() - 60_000);
  });

  it("can be read by people", async () => {
    const child = start("pretty");
    const [text] = await Promise.all([textOf(child.stdout), once(child, "exit")]);
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} TRACE hit name=gocachex event=hit key=#[0-9a-f]{12} /m);
  });

  it("never holds up the cache, and takes a bounded memory, when nobody reads it", async () => {
    const child = start("flood");
    // Not a byte of its output is taken until it has ended.
    const [said] = await Promise.all([textOf(child.stderr), once(child, "exit")]);
    const { tookMs, rssBytes } = JSON.parse(said.trim().split("\n").at(-1) as string);
    expect(tookMs).toBeLessThan(30_000);
    expect(rssBytes).toBeLessThan(400_000_000);
    child.stdout?.destroy();
  });

  it("goes to a logger of the application, in which a store that comes and goes is seen", async () => {
    // Loaded before: what a busy machine takes for that would count against `connect`, and a log that is not there yet tells nothing.
    await import("../../src/observability/logging/open-log.ts");
    const port = await findFreePort();
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const cache = createCache({
      backend: "redis",
      redis: { addresses: [`127.0.0.1:${port}`], username: "default", password: "very-secret" },
      deadlines: { connect: 300, read: 300, write: 300 },
      logging: { level: "warn", logger },
    });
    expect(await cache.getOrSet("user:anna", () => 1)).toBe(1);
    const failed = lines.find(({ event }) => event === "error");
    expect(failed).toMatchObject({
      level: 50,
      msg: "the store failed",
      error: { code: expect.stringMatching(/^GCX_/) },
    });
    const redis = await startRedis({ port, password: "very-secret" });
    try {
      await expect
        .poll(
          () =>
            cache
              .set("k", 1)
              .then(() => "done")
              .catch(() => "failed"),
          { timeout: 10_000 },
        )
        .toBe("done");
    } finally {
      await redis.stop();
    }
    await expect.poll(() => lines.some(({ msg }) => msg === "connection lost"), { timeout: 10_000 }).toBe(true);
    await cache.close();
    expect(JSON.stringify(lines)).not.toMatch(/very-secret|anna/);
  });
});
