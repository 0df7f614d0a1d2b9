import type { ApiMethod } from "../api-method.ts";
import { BATCH_METHODS } from "./batch-methods.ts";
import { LOCK_METHODS } from "./lock-methods.ts";
import { NODE_METHODS } from "./node-methods.ts";
import { READ_METHODS } from "./read-methods.ts";
import { WRITE_METHODS } from "./write-methods.ts";

/** Every method of `gocachex.v1.Cache`. */
export const ALL_METHODS: readonly ApiMethod[] = [
  ...READ_METHODS,
  ...WRITE_METHODS,
  ...BATCH_METHODS,
  ...LOCK_METHODS,
  ...NODE_METHODS,
];
