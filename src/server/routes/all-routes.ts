import type { Route } from "../route.ts";
import { BATCH_ROUTES } from "./batch-routes.ts";
import { COUNTER_ROUTE } from "./counter-route.ts";
import { DASHBOARD_ROUTES } from "./dashboard-routes.ts";
import { EXPIRY_ROUTES } from "./expiry-routes.ts";
import { INVALIDATION_ROUTES } from "./invalidation-routes.ts";
import { KEY_ROUTES } from "./key-routes.ts";
import { LIST_ROUTE } from "./list-route.ts";
import { LOCK_ROUTES } from "./lock-routes.ts";
import { METRICS_ROUTE } from "./metrics-route.ts";
import { OPENAPI_ROUTE } from "./openapi-route.ts";
import { PREVIEW_ROUTE } from "./preview-route.ts";
import { STATUS_ROUTES } from "./status-routes.ts";
import { TRANSACTION_ROUTE } from "./transaction-route.ts";

/** Everything a node can be asked. To add a route: one file, one line. */
export const ALL_ROUTES: readonly Route[] = [
  ...KEY_ROUTES,
  PREVIEW_ROUTE,
  ...EXPIRY_ROUTES,
  COUNTER_ROUTE,
  LIST_ROUTE,
  ...BATCH_ROUTES,
  TRANSACTION_ROUTE,
  ...LOCK_ROUTES,
  ...INVALIDATION_ROUTES,
  ...STATUS_ROUTES,
  METRICS_ROUTE,
  ...DASHBOARD_ROUTES,
  OPENAPI_ROUTE,
];
