import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The version of an installed package, as this library would load it: looked for in the `node_modules` of each folder from here upwards. Asking the platform would fail for packages that do not
 * export their `package.json`.
 *
 * @param from where to begin. Default: this module
 * @returns `undefined` when it is not installed
 */
export async function installedVersion(
  name: string,
  from: string = fileURLToPath(import.meta.url),
): Promise<string | undefined> {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const version = await readVersion(join(folder, "node_modules", name, "package.json"));
    if (version !== undefined || folder === dirname(folder)) return version;
  }
}

async function readVersion(file: string): Promise<string | undefined> {
  try {
    const { version } = JSON.parse(await readFile(file, "utf8")) as { readonly version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a version is in a range of the kinds that this package declares: `^1.2.3` and `>=20.19`. Pre-releases count as their release.
 *
 * @throws TypeError for any other range
 */
export function isVersionInRange(version: string, range: string): boolean {
  const [, kind, least = ""] = /^(\^|>=)(\d+(?:\.\d+){0,2})$/.exec(range) ?? [];
  if (kind === undefined) throw new TypeError(`"${range}" is no range that is known here.`);
  const wanted = numbersOf(least);
  const found = numbersOf(version);
  if (compare(found, wanted) < 0) return false;
  if (kind === ">=") return true;
  // With ^ the first number that is not 0 must stay.
  const fixed = wanted.findIndex((part) => part !== 0);
  return wanted.slice(0, fixed + 1).every((part, index) => found[index] === part);
}

function numbersOf(version: string): readonly number[] {
  const parts = version.replace(/^v/, "").split(/[-+]/)[0]?.split(".").map(Number) ?? [];
  return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, part] of one.entries()) if (part !== other[index]) return part - (other[index] as number);
  return 0;
}
