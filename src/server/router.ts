import { HttpProblem } from "./problem.ts";
import type { Route } from "./route.ts";

/** The route of a request and the named parts of its path. */
export interface RouteMatch {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Finds the route of a method and decoded path. */
export type Router = (method: string, segments: readonly string[]) => RouteMatch;

/**
 * Builds a router. O(number of routes) per request; there are a dozen.
 * The router throws HttpProblem 404 for an unknown path, 405 with `Allow` for a known path with another method.
 */
export function createRouter(routes: readonly Route[]): Router {
  const table = routes.map((route) => ({ route, pattern: route.path.slice(1).split("/") }));
  return (method, segments) => {
    const onPath: Route[] = [];
    for (const { route, pattern } of table) {
      const parameters = matchSegments(pattern, segments);
      if (parameters === undefined) continue;
      if (route.method === method || (route.method === "GET" && method === "HEAD")) return { route, parameters };
      onPath.push(route);
    }
    throw onPath.length === 0 ? notFound(segments) : methodNotAllowed(onPath);
  };
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] as string;
    if (part.startsWith(":")) parameters[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parameters;
}

function notFound(segments: readonly string[]): HttpProblem {
  const isKeyWithSlash = segments[0] === "v1" && segments[1] === "keys" && segments.length > 3;
  const hint = isKeyWithSlash ? " Percent-encode a / inside a key as %2F." : "";
  return new HttpProblem(404, `There is nothing at this path.${hint}`);
}

function methodNotAllowed(routes: readonly Route[]): HttpProblem {
  const allowed = routes.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])).join(", ");
  return new HttpProblem(405, `This path takes ${allowed}.`, { Allow: allowed });
}
