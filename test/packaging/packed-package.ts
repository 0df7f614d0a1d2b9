import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const PROJECT_ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

/** A package as `npm publish` would send it. */
export interface PackedPackage {
  /** The tarball's path. */
  readonly tarball: string;
  /** The paths inside it. */
  readonly files: readonly string[];
}

/** Packs what lies in `dist`, without building it again, into a folder. */
export function packProject(folder: string): PackedPackage {
  const json = npm(["pack", PROJECT_ROOT, "--ignore-scripts", "--json", "--pack-destination", folder], folder);
  const [packed] = JSON.parse(json) as Array<{ filename: string; files: Array<{ path: string }> }>;
  if (packed === undefined) throw new Error("npm pack packed nothing.");
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path).sort() };
}

/** A folder outside the project, where nothing of the project's own can be found by accident. */
export interface ConsumerProject {
  readonly folder: string;
  write(path: string, text: string): void;
  /** Runs node on one of its files. @returns what it printed; throws with its errors when it fails */
  runNode(...args: readonly string[]): string;
  remove(): void;
}

/** Makes an empty project and installs the packed package into it, without a network. */
export function installInEmptyProject(): ConsumerProject & PackedPackage {
  const folder = mkdtempSync(join(tmpdir(), "gocachex-consumer-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write("package.json", '{ "name": "consumer", "private": true }');
  const packed = packProject(folder);
  npm(["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", packed.tarball], folder);
  return {
    ...packed,
    folder,
    write,
    runNode: (...args) =>
      execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8", stdio: "pipe", timeout: 30_000 }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
