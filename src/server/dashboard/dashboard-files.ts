import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the dashboard, as it is sent. */
export interface DashboardFile {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Strong, of the bytes. */
  readonly entityTag: string;
}

/** The dashboard's files by their path, `"/"` for the page itself; empty when they were not built. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Where the built page lies: in the package beside what this module became a part of; in a checkout that runs from its sources, in `dist`. */
const FOLDER = new URL(
  import.meta.url.endsWith("/src/server/dashboard/dashboard-files.ts") ? "../../../dist/dashboard/" : "./dashboard/",
  import.meta.url,
);

/**
 * Reads the built dashboard into memory, some 100 kB.
 *
 * @param url folder, with a slash at its end
 * @returns nothing when there is no page in it
 */
export async function readDashboardFiles(url: URL = FOLDER): Promise<DashboardFiles> {
  const files = new Map<string, DashboardFile>();
  const folder = fileURLToPath(url);
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    const contentType = CONTENT_TYPES[extname(name)];
    // What the page has no use for, a source map for example, is not served.
    if (contentType === undefined) continue;
    const bytes = await readFile(join(folder, name));
    const path = name === "index.html" ? "/" : `/${name.replaceAll("\\", "/")}`;
    files.set(path, { contentType, bytes, entityTag: tagOf(bytes) });
  }
  return files.has("/") ? files : new Map();
}

function tagOf(bytes: Uint8Array): string {
  return `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
}
