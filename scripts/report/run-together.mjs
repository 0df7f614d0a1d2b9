// Runs commands, some at a time, all of them even when one fails; prints what each said when it is over, and fails when one did.
//
// Usage: node scripts/report/run-together.mjs <how many at a time> "<command>"…
import { spawn } from "node:child_process";
import process from "node:process";

const [atATime, ...commands] = process.argv.slice(2);
const waiting = [...commands];
let isFine = true;

/** @param {string} command @returns {Promise<{ output: string, code: number | null }>} */
function run(command) {
  const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  /** @type {Buffer[]} */
  const chunks = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (/** @type {Buffer} */ chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ output: Buffer.concat(chunks).toString("utf8"), code }));
  });
}

async function runWaiting() {
  for (let command = waiting.shift(); command !== undefined; command = waiting.shift()) {
    const startedAt = performance.now();
    const { output, code } = await run(command);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    process.stdout.write(`${command}  (${seconds} s)\n${output}`);
    if (code === 0) continue;
    process.stdout.write(`FAILED: ${command}\n`);
    isFine = false;
  }
}

if (!(Number(atATime) >= 1) || commands.length === 0) throw new TypeError("How many at a time, and which commands?");
await Promise.all(Array.from({ length: Number(atATime) }, runWaiting));
process.exitCode = isFine ? 0 : 1;
