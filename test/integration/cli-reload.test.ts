import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bundleScript } from "./support/script-bundle.ts";

let command: string;
const folder = mkdtempSync(join(tmpdir(), "gocachex-reload-"));
const file = join(folder, "cache.json");
const running = new Set<ChildProcess>();

beforeAll(async () => {
  command = await bundleScript("src/cli/main.ts");
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Node {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it has said on the standard error, so far. */
  said(): string;
}

async function serve(config: object): Promise<Node> {
  writeFileSync(file, JSON.stringify(config));
  const args = [command, "serve", "--config", file, "--port", "0", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: {} });
  running.add(child);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  return { child, url: JSON.parse(line.toString()).url, said: () => said };
}

async function reload({ child, said }: Node, config: object | string): Promise<string> {
  writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
  const before = said().length;
  child.kill("SIGHUP");
  await expect.poll(() => said().slice(before), { timeout: 10_000 }).toMatch(/was read again/);
  return said().slice(before);
}

async function keyCount(url: string): Promise<number> {
  const stats = (await (await fetch(`${url}/v1/stats`)).json()) as { keyCount: number };
  return stats.keyCount;
}

describe("a node that is told to read its configuration again", () => {
  it("applies what can change, says what cannot, and keeps serving what it has", async () => {
    const node = await serve({ memory: { maxKeys: 100 } });
    const headers = { "content-type": "application/json" };
    for (let index = 0; index < 50; index += 1) {
      await fetch(`${node.url}/v1/keys/k${index}`, { method: "PUT", headers, body: "1" });
    }
    const said = await reload(node, { memory: { max_keys: 10 }, namespace: "other", default_ttl: 60_000_000_000 });
    expect(said).toContain("now in force: memory.maxKeys, defaultTtl; needs a restart: namespace.");
    expect(await keyCount(node.url)).toBe(10);
    await fetch(`${node.url}/v1/keys/new`, { method: "PUT", headers, body: "1" });
    const { headers: answered } = await fetch(`${node.url}/v1/keys/new`);
    expect(Number(answered.get("x-gocachex-ttl"))).toBeGreaterThan(50_000);
    expect(Number(answered.get("x-gocachex-ttl"))).toBeLessThanOrEqual(60_000);
  });

  it("refuses one that is wrong, with the reason, and goes on with the one before", async () => {
    const node = await serve({ memory: { maxKeys: 100 } });
    expect(await reload(node, { memory: { maxKeys: 10, evictionPolcy: "lru" } })).toMatch(
      /refused, nothing has changed: .*evictionPolcy/,
    );
    expect(await reload(node, "{ not json")).toMatch(/refused, nothing has changed/);
    rmSync(file);
    const before = node.said().length;
    node.child.kill("SIGHUP");
    await expect.poll(() => node.said().slice(before), { timeout: 10_000 }).toMatch(/refused, nothing has changed/);
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
    expect(await reload(node, { memory: { maxKeys: 100 } })).toMatch(/nothing has changed/);
  });

  it("writes its log to the standard error, at a level that can change", async () => {
    const node = await serve({ logging: { level: "warn" } });
    await fetch(`${node.url}/v1/keys/k`);
    expect(node.said()).toBe("");
    expect(await reload(node, { logging: { level: "trace" } })).toContain("now in force: logging.level");
    await fetch(`${node.url}/v1/keys/k`);
    await expect.poll(() => node.said(), { timeout: 10_000 }).toMatch(/"event":"miss","key":"#[0-9a-f]{12}"/);
    const over = once(node.child, "exit");
    node.child.kill("SIGTERM");
    expect(await over).toEqual([0, null]);
    expect(node.said()).toMatch(/"msg":"closed"/);
  });
});
