import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Says whether every promise of the process is being followed, which up to Node 22 makes each `await` two to three times as slow. */
const PROGRAM = `
import { executionAsyncId } from "node:async_hooks";
import { createCache } from "gocachex";
async function arePromisesFollowed() {
  await null;
  const id = executionAsyncId();
  await null;
  return executionAsyncId() !== id;
}
const cache = createCache();
const seen = { before: await arePromisesFollowed() };
let release;
const slow = cache.getOrSet("slow", () => new Promise((resolve) => { release = resolve; }));
await cache.getOrSet("quick", () => 2);
await cache.getOrSetMulti(["a", "b"], async (keys) => new Map(keys.map((key) => [key, key])));
await cache.getOrSet("failed", () => Promise.reject(new Error("no"))).catch(() => undefined);
await cache.getOrSet("thrown", () => { throw new Error("no"); }).catch(() => undefined);
seen.whileOneRuns = await arePromisesFollowed();
release(1);
seen.value = await slow;
seen.after = await arePromisesFollowed();
await cache.close();
console.log(JSON.stringify(seen));
`;

it("leaves the promises of a process alone while no loader runs", async () => {
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", PROGRAM], { cwd: ROOT });
  const seen = JSON.parse(stdout) as Record<string, unknown>;
  expect(seen).toMatchObject({ before: false, value: 1, after: false });
  // The program sees it where it is so: later versions follow calls without following promises.
  if (Number(process.versions.node.split(".")[0]) < 24) expect(seen["whileOneRuns"]).toBe(true);
});
