import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeApp } from "./node-app.ts";
import { HttpProblem } from "./problem.ts";

const PREFIX = "/app";

/** Whether a request target belongs to the mounted application. */
export function isAppTarget(url: string): boolean {
  if (!url.startsWith(PREFIX)) return false;
  const next = url.charAt(PREFIX.length);
  return next === "" || next === "/" || next === "?";
}

/**
 * Hands a request to the application, with the prefix taken away. Resolves when the app's own promise does, if it
 * returned one; rejects with what it throws.
 *
 * @throws HttpProblem 404 when the node has no application
 */
export async function serveApp(
  app: NodeApp | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (app === undefined)
    throw new HttpProblem(404, "This node has no application. Start it with gocachex serve --app ./module.mjs.");
  const url = request.url as string;
  const rest = url.slice(PREFIX.length);
  if (!rest.startsWith("/")) {
    // Without the slash, the relative links of the app's pages would point beside it.
    response.writeHead(308, { Location: `${PREFIX}/${rest}`, "Content-Length": 0 });
    response.end();
    return;
  }
  request.url = rest;
  await app(request, response);
}
