import { HttpProblem } from "./problem.ts";
import type { Route } from "./route.ts";

/** The route of a request and the named parts of its path. */
export interface RouteMatch {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Finds the route of a method and decoded path; what is not there is a problem that is thrown later, when the caller may know. */
export type Router = (method: string, segments: readonly string[]) => RouteMatch | HttpProblem;

/** One segment's place in the tree of paths. */
interface Step {
  readonly literals: Map<string, Step>;
  named: Step | undefined;
  /** Routes of the path that ends here, by method. */
  readonly routes: Map<string, Route>;
  /** Where that path has names, and which. */
  names: readonly (readonly [index: number, name: string])[];
}

/**
 * Builds a router: a tree with a step for each segment, literal ones before named ones. O(segments) per request.
 * Its problems are 404 for an unknown path, 405 with `Allow` for a known path with another method.
 */
export function createRouter(routes: readonly Route[]): Router {
  const root = createStep();
  for (const route of routes) addRoute(root, route);
  return (method, segments) => {
    const step = walk(root, segments, 0);
    if (step === undefined || step.routes.size === 0) return notFound(segments);
    const route = step.routes.get(method === "HEAD" ? "GET" : method);
    return route === undefined
      ? methodNotAllowed([...step.routes.keys()])
      : { route, parameters: named(step, segments) };
  };
}

function createStep(): Step {
  return { literals: new Map(), named: undefined, routes: new Map(), names: [] };
}

function addRoute(root: Step, route: Route): void {
  let step = root;
  const parts = route.path.slice(1).split("/");
  for (const part of parts) {
    if (part.startsWith(":")) {
      step.named ??= createStep();
      step = step.named;
      continue;
    }
    const next = step.literals.get(part) ?? createStep();
    step.literals.set(part, next);
    step = next;
  }
  step.routes.set(route.method, route);
  step.names = parts.flatMap((part, index) => (part.startsWith(":") ? [[index, part.slice(1)] as const] : []));
}

function walk(step: Step, segments: readonly string[], at: number): Step | undefined {
  if (at === segments.length) return step;
  const literal = step.literals.get(segments[at] as string);
  const found = literal === undefined ? undefined : walk(literal, segments, at + 1);
  if (found !== undefined || step.named === undefined) return found;
  return walk(step.named, segments, at + 1);
}

function named({ names }: Step, segments: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [index, name] of names) parameters[name] = segments[index] as string;
  return parameters;
}

function notFound(segments: readonly string[]): HttpProblem {
  const isKeyWithSlash = segments[0] === "v1" && segments[1] === "keys" && segments.length > 3;
  const hint = isKeyWithSlash ? " Percent-encode a / inside a key as %2F." : "";
  return new HttpProblem(404, `There is nothing at this path.${hint}`);
}

function methodNotAllowed(methods: readonly string[]): HttpProblem {
  const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  return new HttpProblem(405, `This path takes ${allowed}.`, { Allow: allowed });
}
