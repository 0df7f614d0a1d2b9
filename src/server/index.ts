export type { CacheNode } from "./node.ts";
export { startNode } from "./node.ts";
export type { NodeApp, NodeAppContext, NodeAppFactory } from "./node-app.ts";
export type { NodeOptions } from "./node-options.ts";
export { DEFAULT_NODE_PORT } from "./node-options.ts";
export type { ProblemDetails } from "./problem.ts";
