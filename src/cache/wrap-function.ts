import { assertOptions, optionError } from "./assert-options.ts";
import type { AsyncFunction, CachedFunction, CachedFunctionMethods, CachedOptions } from "./cached-function.ts";
import { assertLoader, getOrLoad, resolveForLoads } from "./loads.ts";
import type { GetOrSetOptions } from "./options.ts";
import type { ViewScope } from "./view-scope.ts";
import { deleteKey } from "./writes.ts";

type KeyFunction = (this: unknown, ...args: unknown[]) => string;
type AnyFunction = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** `Cache.cached`. */
export function wrapFunction<Fn extends AsyncFunction>(
  scope: ViewScope,
  fn: Fn,
  options: CachedOptions<Fn>,
): CachedFunction<Fn> {
  assertLoader(fn);
  assertOptions("cached", options);
  const { key, ...loading } = (options ?? {}) as Partial<CachedOptions<Fn>>;
  const keyOf = resolveKey(key, fn.length);
  // What is wrong shows here, and not with the first call.
  resolveForLoads(scope, loading);
  const call = fn as unknown as AnyFunction;
  const load = async (self: unknown, args: unknown[], how: GetOrSetOptions): Promise<unknown> =>
    getOrLoad(scope, keyOf.apply(self, args), () => call.apply(self, args), how);
  const fresh: GetOrSetOptions = { ...loading, forceFresh: true };

  function cached(this: unknown, ...args: unknown[]): Promise<unknown> {
    return load(this, args, loading);
  }
  // Called as a method of the cached function, its own `this` is that function, which nobody means.
  const selfOf = (self: unknown): unknown => (self === cached ? undefined : self);
  const methods: CachedFunctionMethods<AnyFunction> = {
    async invalidate(...args) {
      return deleteKey(scope, keyOf.apply(selfOf(this), args), undefined);
    },
    refresh(...args) {
      return load(selfOf(this), args, fresh);
    },
    key(...args) {
      return keyOf.apply(selfOf(this), args);
    },
  };
  Object.defineProperty(cached, "name", { value: fn.name, configurable: true });
  Object.defineProperty(cached, "length", { value: fn.length, configurable: true });
  return Object.assign(cached, methods) as unknown as CachedFunction<Fn>;
}

function resolveKey(key: unknown, argumentCount: number): KeyFunction {
  if (typeof key === "function") return key as KeyFunction;
  if (typeof key !== "string") {
    throw optionError(
      "key",
      "key must be a function of the arguments that returns the text to store the result under.",
    );
  }
  const isNeeded =
    "A function with arguments needs a key made of them; a constant would give every call the same result.";
  if (argumentCount > 0) throw optionError("key", isNeeded);
  return (...args) => {
    // Defaults and rest parameters do not count in a function's length.
    if (args.length > 0) throw optionError("key", isNeeded);
    return key;
  };
}
