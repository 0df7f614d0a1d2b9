import type { Route } from "../route.ts";
import { COUNTER_ROUTE } from "./counter-route.ts";
import { INVALIDATION_ROUTES } from "./invalidation-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import { LIST_ROUTE } from "./list-route.ts";
import { STATUS_ROUTES } from "./status-routes.ts";

/** Everything a node can be asked. To add a route: one file, one line. */
export const ALL_ROUTES: readonly Route[] = [
  ...KEY_ROUTES,
  COUNTER_ROUTE,
  LIST_ROUTE,
  ...INVALIDATION_ROUTES,
  ...STATUS_ROUTES,
];
