import type { IncomingMessage, ServerResponse } from "node:http";
import { HttpProblem } from "../problem.ts";
import { sendPage } from "../respond.ts";
import { type DashboardFile, type DashboardFiles, readDashboardFiles } from "./dashboard-files.ts";

/** Names of assets carry a hash of their bytes, so a name never means other bytes. */
const IMMUTABLE = "public, max-age=31536000, immutable";
/** The page is asked for again each time, and answered with 304 when it is still the same. */
const REVALIDATED = "no-cache";

/** What stands for the page in a checkout where it was not built. */
const NOT_BUILT: DashboardFile = {
  contentType: "text/html; charset=utf-8",
  bytes: Buffer.from(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>GoCacheX node</title><p>The dashboard is not built in this checkout. ' +
      "Run <code>make build</code> or <code>node scripts/build-dashboard.mjs</code>, then reload. " +
      'The API works without it: <a href="/v1/stats">counters</a>, <a href="/v1/health">health</a>.</p></html>',
  ),
  entityTag: '"not-built"',
};

let files: Promise<DashboardFiles> | undefined;

/**
 * Answers with the dashboard's page or one of its files, read once per process.
 *
 * @param path `"/"` or `"/assets/…"`
 * @throws HttpProblem 404 for another file
 */
export async function sendDashboardFile(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  files ??= readDashboardFiles();
  const built = await files;
  // Asked again later: the build may come while the node runs.
  if (built.size === 0) files = undefined;
  const file = fileAt(built, path);
  if (file === undefined) throw new HttpProblem(404, "There is nothing at this path.");
  const isKnown = isListed(request.headers["if-none-match"], file.entityTag);
  sendPage(response, file, path === "/" ? REVALIDATED : IMMUTABLE, isKnown);
}

/** A file by its path; for the page of a dashboard that was not built, one that says what to run. */
export function fileAt(files: DashboardFiles, path: string): DashboardFile | undefined {
  return files.get(path) ?? (path === "/" ? NOT_BUILT : undefined);
}

function isListed(ifNoneMatch: string | undefined, entityTag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(",").some((listed) => listed.trim().replace(/^W\//, "") === entityTag);
}
