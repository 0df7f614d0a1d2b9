import type { Cache } from "../cache/cache.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestQuery } from "./request-target.ts";

/**
 * The view that `?namespace=` selects: `a/b` (or `namespace=a&namespace=b`) is the namespace `b` inside `a`.
 *
 * @throws HttpProblem 400 for an empty segment; InvalidArgumentError `GCX_ARGUMENT_NAMESPACE`
 */
export function selectNamespace(cache: Cache, query: RequestQuery): Cache {
  let view = cache;
  for (const path of query.get("namespace") ?? []) {
    for (const name of path.split("/")) {
      if (name === "") throw new HttpProblem(400, "A namespace must be named: ?namespace=a or ?namespace=a/b.");
      view = view.namespace(name);
    }
  }
  return view;
}
