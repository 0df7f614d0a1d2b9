import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, type StartedCli, startCli } from "./cli-harness.ts";
import { dialApi, jsonValue } from "./support/grpc-api.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gocachex-serve-"));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function serve(...line: string[]): Promise<{ started: StartedCli; url: string; port: number; grpc?: string }> {
  const started = startCli(["serve", "--json", "--port", "0", ...line], { directory });
  await expect.poll(started.stdout, { timeout: 10_000 }).toContain("\n");
  return { started, ...(JSON.parse(started.stdout()) as { url: string; port: number; grpc?: string }) };
}

describe("gocachex serve", () => {
  it("says where it listens, serves, and ends with 0 when interrupted", async () => {
    const { started, url, port } = await serve();
    expect(JSON.parse(started.stdout())).toEqual({ event: "listening", url: `http://127.0.0.1:${port}`, port });
    expect((await cli(["set", "k", "v", "--node", `127.0.0.1:${port}`])).exitCode).toBe(0);
    expect((await cli(["get", "k"], { env: { GOCACHEX_NODE: url } })).stdout).toBe("v\n");
    started.interrupt();
    expect(await started.done).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("Closing") });
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it("serves the gRPC API too with --grpc-port, and closes it", async () => {
    const { started, grpc } = await serve("--grpc-port", "0");
    const client = dialApi(String(grpc));
    await client.call("Set", { key: "k", value: jsonValue("from gRPC") });
    expect(await client.call("Get", { key: "k" })).toEqual({ value: jsonValue("from gRPC") });
    started.interrupt();
    expect((await started.done).exitCode).toBe(0);
    await expect(client.call("Get", { key: "k" })).rejects.toMatchObject({ status: 14 });
    client.close();
  });

  it("prints addresses for people", async () => {
    const started = startCli(["serve", "--port", "0"], { directory });
    await expect.poll(started.stdout, { timeout: 10_000 }).toContain("Ctrl+C");
    expect(started.stdout()).toMatch(/listening on http:\/\/127\.0\.0\.1:\d+\n[\s\S]*\/v1\/stats/);
    started.interrupt();
    expect((await started.done).exitCode).toBe(0);
  });

  it("prints nothing with --quiet, but the address with --json", async () => {
    const { started, url } = await serve("--quiet");
    expect(url).toContain("127.0.0.1");
    started.interrupt();
    expect(await started.done).toMatchObject({ exitCode: 0, stderr: "" });
    await writeFile(
      join(directory, "told.mjs"),
      "export default () => { globalThis.appStarted = true; return () => {}; };",
    );
    const quiet = startCli(["serve", "--quiet", "--port", "0", "--app", "told.mjs"], { directory });
    await expect.poll(() => "appStarted" in globalThis, { timeout: 10_000 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    quiet.interrupt();
    expect(await quiet.done).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("listens for other machines when an access file says who may come, and not without", async () => {
    const token = "a-token-of-a-reader";
    await writeFile(
      join(directory, "access.json"),
      JSON.stringify({ tokens: [{ role: "read", tokenEnv: "READ_TOKEN" }] }),
    );
    const line = ["serve", "--json", "--port", "0", "--host", "0.0.0.0"];
    const open = await cli(line, { directory });
    expect([open.exitCode, open.stderr]).toEqual([5, expect.stringContaining("--access FILE")]);
    const unset = await cli([...line, "--access", "access.json"], { directory });
    expect(unset.stderr).toContain("READ_TOKEN");
    const started = startCli([...line, "--access", "access.json"], { directory, env: { READ_TOKEN: token } });
    await expect.poll(started.stdout, { timeout: 10_000 }).toContain("\n");
    const { url } = JSON.parse(started.stdout()) as { url: string };
    expect((await fetch(`${url}/v1/stats`)).status).toBe(401);
    expect((await fetch(`${url}/v1/stats`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
    started.interrupt();
    expect((await started.done).exitCode).toBe(0);
  });

  it("ends with 5 when the port is busy, or takes another with --any-port", async () => {
    const { started, port } = await serve();
    const busy = await cli(["serve", "--port", String(port)]);
    expect(busy.exitCode).toBe(5);
    expect(busy.stderr).toMatch(new RegExp(`${port}.*--any-port`));
    const second = await serve("--port", String(port), "--any-port");
    expect(second.port).not.toBe(port);
    second.started.interrupt();
    started.interrupt();
    expect([(await second.started.done).exitCode, (await started.done).exitCode]).toEqual([0, 0]);
  });

  it("refuses to listen where others can reach it", async () => {
    const refused = await cli(["serve", "--host", "0.0.0.0", "--port", "0"]);
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain("access control");
  });

  it("serves an application that shares the cache, and tells it when the node closes", async () => {
    const source = `export default ({ cache, signal }) => {
      signal.addEventListener("abort", () => { globalThis.appWasClosed = true; });
      return async (request, response) => { await cache.set("from-app", request.url); response.end("hi"); };
    };`;
    await writeFile(join(directory, "app.mjs"), source);
    const { started, url } = await serve("--app", "./app.mjs");
    expect(await (await fetch(`${url}/app/x`)).text()).toBe("hi");
    expect(await (await fetch(`${url}/v1/keys/from-app`)).json()).toBe("/x");
    started.interrupt();
    expect((await started.done).exitCode).toBe(0);
    expect(globalThis).toHaveProperty("appWasClosed", true);
  });

  it("ends with 3 when the application or the configuration is wrong", async () => {
    await writeFile(join(directory, "bad.mjs"), "export default () => { throw new Error('no database'); };");
    const bad = await cli(["serve", "--port", "0", "--app", "bad.mjs"], { directory });
    expect(bad).toMatchObject({ exitCode: 3, stdout: "", stderr: expect.stringContaining("no database") });
    expect((await cli(["serve", "--port", "0", "--app", "none.mjs"], { directory })).exitCode).toBe(3);
    expect((await cli(["serve", "--port", "0", "--config", "none.json"], { directory })).exitCode).toBe(3);
  });

  it("ends at once on the second interruption, also while the application starts or a request runs", async () => {
    await writeFile(join(directory, "slow.mjs"), "export default () => new Promise(() => {});");
    const starting = startCli(["serve", "--port", "0", "--app", "slow.mjs"], { directory });
    await new Promise((resolve) => setTimeout(resolve, 50));
    starting.interrupt();
    starting.interrupt();
    expect((await starting.done).exitCode).toBe(130);

    await writeFile(join(directory, "hang.mjs"), "export default () => () => {};");
    const { started, url } = await serve("--app", "hang.mjs");
    const hanging = fetch(`${url}/app/`, { signal: AbortSignal.timeout(2_000) }).catch(() => "cut");
    await new Promise((resolve) => setTimeout(resolve, 50));
    started.interrupt();
    started.interrupt();
    expect((await started.done).exitCode).toBe(130);
    expect(await hanging).toBe("cut");
  });

  it("ends another command with 130", async () => {
    await writeFile(join(directory, "hang.mjs"), "export default () => () => {};");
    const { createServer } = await import("node:net");
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const waiting = startCli(["stats", "--node", `127.0.0.1:${port}`, "--timeout", "1s"]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.interrupt();
    expect((await waiting.done).exitCode).toBe(130);
    silent.close();
  });
});
