/** Whether a value is a promise of any library or realm: clients of stores, and loaders, bring their own. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return typeof (value as { readonly then?: unknown }).then === "function";
}

/** The same, with a promise of another library or realm as one of the platform: a query that runs when it is awaited would run twice if it were awaited twice. */
export function adoptThenable<T>(result: T): T | Promise<Awaited<T>> {
  return isThenable(result) && !(result instanceof Promise) ? Promise.resolve(result) : result;
}
