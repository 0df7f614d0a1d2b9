import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { startExample } from "./example-process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Where files lie in memory, on Linux: thousands are written, and what is looked at is the store, not the disk. */
const MEMORY_FOLDER = "/dev/shm";
const folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), "gocachex-plugin-"));
/** Where the example keeps its files when it is told nothing. */
const directory = join(folder, "gocachex-example-plugin");
const SETTINGS = { TMPDIR: folder, TEMP: folder };

const STEPS_PER_PROCESS = 50;
const KILL_COUNT = 3;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the example has counted; a store of bytes has a counter's decimal text. */
async function readSteps(): Promise<number> {
  const { createFilesBackend } = (await import(`${root}examples/plugin/files-backend.mjs`)) as {
    createFilesBackend: (options: { directory: string }, host: { clock: { wallMs: () => number } }) => Backend;
  };
  const entry = await createFilesBackend({ directory }, { clock: { wallMs: () => Date.now() } }).get("steps", {});
  return Number(Buffer.from(entry?.value as Uint8Array).toString("latin1"));
}

it("the plug-in example keeps what it wrote for its next run, counts in three processes, and refuses what it does not promise", async () => {
  const first = await startExample("plugin/main.mjs", SETTINGS).ended;
  expect(first.stderr).toBe("");
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/^kept from the last run: undefined$/m);
  expect(first.stdout).toMatch(/^leader, asked twice: {3}true false$/m);
  expect(first.stdout).toMatch(/^3 processes, 50 steps: 150$/m);
  expect(first.stdout).toMatch(/^not promised, refused: GCX_OPERATION_UNSUPPORTED$/m);
  const second = await startExample("plugin/main.mjs", SETTINGS).ended;
  expect(second.stdout).toMatch(/^kept from the last run: \{ at: .+, by: Set\(1\) \{ 'process \d+' \} \}$/m);
  expect(second.stdout).toMatch(/^3 processes, 50 steps: 150$/m);
}, 60_000);

it("its store lets no count get lost and nobody wait for ever when a process is killed while it writes", async () => {
  const count = (): ReturnType<typeof spawn> =>
    spawn(process.execPath, ["examples/plugin/main.mjs", directory, "count"], { cwd: root, stdio: "ignore" });
  const lockDirectory = join(directory, "lock");
  const before = await readSteps();
  for (let round = 0; round < KILL_COUNT; round += 1) {
    const victim = count();
    const isHolding = (): boolean => readdirSync(lockDirectory).some((name) => name.includes(`.${victim.pid}.`));
    // Killed with the token in its hands, wherever that is in its work.
    while (!isHolding() && victim.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
    victim.kill("SIGKILL");
    await once(victim, "exit");
    expect(victim.signalCode).toBe("SIGKILL");
  }
  const others = [count(), count()];
  expect((await Promise.all(others.map((child) => once(child, "exit")))).map(([code]) => code)).toEqual([0, 0]);
  const counted = (await readSteps()) - before;
  expect(counted).toBeGreaterThanOrEqual(others.length * STEPS_PER_PROCESS);
  expect(counted).toBeLessThan((others.length + KILL_COUNT) * STEPS_PER_PROCESS);
  expect(readdirSync(lockDirectory)).toEqual([expect.stringMatching(/^free\.\d+$/)]);
}, 60_000);

it("its store passes the conformance kit under node:test", async () => {
  const child = spawn(process.execPath, ["--test", "--test-reporter=tap", "examples/plugin/conformance.test.mjs"], {
    cwd: root,
    env: { ...process.env, ...SETTINGS },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
  }
  const [code] = await once(child, "close");
  expect(output.match(/^ *not ok .*/gm)).toBeNull();
  expect(code).toBe(0);
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(output)?.[1]);
  expect(count("fail")).toBe(0);
  expect(count("pass")).toBeGreaterThan(100);
  // Each skip names what the store does not promise.
  const reasons = [...output.matchAll(/# SKIP (.*)$/gm)].map(([, reason]) => reason);
  expect(reasons.length).toBe(count("skipped"));
  expect(reasons.filter((reason) => !/^needs /.test(reason ?? ""))).toEqual([]);
}, 240_000);
