// Builds the dashboard into dist/dashboard. What was built from the same sources is taken again from .tmp, for the bundler of the package empties dist
// each time.
//
// Usage: node scripts/build-dashboard.mjs [--install]   (--install: only what the build needs)
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));
const source = join(project, "dashboard");
const built = join(project, ".tmp", "dashboard");
const target = join(project, "dist", "dashboard");
const NOT_SOURCES = /^node_modules([/\\]|$)/;

/** A hash of every source file, its name included. */
async function fingerprint() {
  const hash = createHash("sha256");
  const names = (await readdir(source, { recursive: true })).filter((name) => !NOT_SOURCES.test(name)).sort();
  for (const name of names) {
    const path = join(source, name);
    if ((await stat(path)).isFile()) hash.update(`${name}\0`).update(await readFile(path));
  }
  return hash.digest("hex");
}

/** @param {string} path */
function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** @param {string} command @param {readonly string[]} args */
function run(command, args) {
  // npm under Windows is a script, which needs a shell.
  execFileSync(command, args, { cwd: source, stdio: "inherit", shell: process.platform === "win32" });
}

/** Installed when the lock file is another than that of the last time. */
async function install() {
  const mark = join(source, "node_modules", ".installed");
  const lock = await readFile(join(source, "package-lock.json"), "utf8");
  const installed = await readFile(mark, "utf8").catch(() => "");
  if (installed === lock) return;
  try {
    run("npm", ["ci", "--no-audit", "--no-fund"]);
  } catch {
    // A lock may lack the packages of another platform; an install fills them in.
    run("npm", ["install", "--no-audit", "--no-fund"]);
  }
  await writeFile(mark, await readFile(join(source, "package-lock.json"), "utf8"));
}

if (process.argv.includes("--install")) {
  await install();
  process.exit();
}

const stamp = join(built, ".sources");
const current = await fingerprint();
if ((await readFile(stamp, "utf8").catch(() => "")) !== current || !(await exists(join(built, "index.html")))) {
  await rm(built, { recursive: true, force: true });
  await install();
  run(process.execPath, [join("node_modules", "vite", "bin", "vite.js"), "build", "--logLevel", "warn"]);
  await writeFile(stamp, current);
}
await rm(target, { recursive: true, force: true });
await mkdir(join(project, "dist"), { recursive: true });
await cp(built, target, { recursive: true, filter: (path) => path !== stamp });
