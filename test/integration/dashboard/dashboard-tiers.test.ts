import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../../scripts/servers/free-port.ts";
import { startRedis } from "../../../scripts/servers/start-redis.ts";
import type { TestServer } from "../../../scripts/servers/test-server.ts";
import type { Cache } from "../../../src/cache/cache.ts";
import { createCache } from "../../../src/create-cache.ts";
import { startTestNode } from "../node-harness.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.ts";
import { launchBrowser, openPage } from "./dashboard-browser.ts";

const PATIENCE = { timeout: 40_000, interval: 100 };

describe("the dashboard, of tiers over Redis with a peer over gRPC", () => {
  let browser: Browser;
  let redis: TestServer;
  let proxy: FaultProxy;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startFaultProxy({ target: redis });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await proxy.stop();
    await redis.stop();
  });

  function open(port: number, peers: readonly string[]): Cache {
    return createCache({
      tiers: [{ backend: "memory" }, { backend: "redis" }],
      redis: { addresses: [`${proxy.host}:${proxy.port}`] },
      // Not what this is about, and browsers keep the machine busy.
      deadlines: { connect: "30s" },
      distributed: true,
      grpc: { port, peers: [...peers], token: "of all nodes" },
    });
  }

  it("shows the tiers, who is connected, how fresh copies are, and what is down", { timeout: 120_000 }, async () => {
    const ports = await Promise.all([findFreePort(), findFreePort()]);
    const peers = ports.map((port) => `127.0.0.1:${port}`);
    const other = open(ports[1] as number, peers);
    await using node = await startTestNode({ cache: open(ports[0] as number, peers) });
    await Promise.all([node.cache.ready(), other.ready()]);
    const traffic = setInterval(() => {
      node.cache.getOrSet("hot", () => 1).catch(() => undefined);
      other.set("changing", Date.now()).catch(() => undefined);
    }, 20);
    try {
      await using watched = await openPage(browser, node.url);
      const { page } = watched;
      const textOf = (selector: string) => page.locator(selector).innerText();
      const fact = (name: string) => textOf(`#coherence .facts > div:has(dt:text-is("${name}")) dd`);
      await expect.poll(() => textOf(".page-title"), PATIENCE).toContain("memory + redis");
      await expect.poll(() => textOf("#tiers tbody"), PATIENCE).toMatch(/memory\s[\s\S]+redis\s/);
      const peerRow = () => textOf(`#coherence tr:has-text("${peers[1]}")`);
      await expect.poll(peerRow, PATIENCE).toMatch(/grpc\s+connected/);
      expect(await fact("Staleness bound")).toMatch(/ s$/);
      await expect.poll(() => fact("Copies can be proven current"), PATIENCE).toBe("yes");
      await expect.poll(() => fact("Last probe answered"), PATIENCE).toMatch(/ago$/);
      await expect.poll(() => fact("Messages"), PATIENCE).toMatch(/^[1-9]\d* received/);
      await expect.poll(() => textOf("#operations"), PATIENCE).toMatch(/redis\s+[\d.,]+ \/s/);
      await expect.poll(() => textOf("#health .health-status"), PATIENCE).toBe("up");
      expect(await watched.axe()).toEqual([]);
      await watched.screenshot("tiers");
      expect(watched.faults).toEqual([]);

      await other.close();
      await expect.poll(peerRow, PATIENCE).toMatch(/grpc\s+lost/);
      await proxy.goDown();
      await expect.poll(() => textOf("#health .health-status"), PATIENCE).not.toBe("up");
      await expect.poll(() => textOf("#events"), PATIENCE).toMatch(/redis .* was lost/);
      expect(await watched.axe()).toEqual([]);
      await watched.screenshot("tiers-down");
      // The browser itself tells of the 503 of a health that is down.
      expect(watched.faults.filter((fault) => !fault.includes("503"))).toEqual([]);
    } finally {
      clearInterval(traffic);
      await other.close();
    }
  });
});
