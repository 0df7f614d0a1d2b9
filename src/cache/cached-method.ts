import { optionError } from "./assert-options.ts";
import type { Cache } from "./cache.ts";
import type { AsyncFunction, CachedOptions } from "./cached-function.ts";
import type { SharedLoadOptions } from "./options.ts";

/** Options of {@link cachedMethod}. */
export interface CachedMethodOptions<This, Args extends readonly unknown[]> extends SharedLoadOptions {
  /** What the result of a call is stored under, made of the instance and the arguments; a constant for methods without arguments. */
  readonly key: ((this: This, ...args: Args) => string) | (Args extends readonly [] ? string : never);
}

/**
 * Decorates a method so that its results come from a cache; see `Cache.cached`. A standard (TC39) decorator: not for `experimentalDecorators`.
 *
 * All instances of the class share the entries, so what differs between them must be in the key.
 *
 * @throws InvalidArgumentError `GCX_ARGUMENT_OPTION` where the class is defined, for wrong options and for what is no method
 *
 * @example
 * ```ts
 * class Users {
 *   @cachedMethod(cache, { key: (id: number) => `user:${id}`, ttl: "5m" })
 *   async find(id: number) { return database.user(id); }
 * }
 * ```
 */
export function cachedMethod<This, Args extends readonly unknown[]>(
  cache: Cache,
  options: CachedMethodOptions<This, Args>,
): <Method extends (this: This, ...args: [...Args]) => Promise<unknown>>(
  method: Method,
  context: ClassMethodDecoratorContext,
) => Method {
  return <Method>(method: Method, context: ClassMethodDecoratorContext) => {
    if (context?.kind !== "method") {
      throw optionError(
        "context",
        "cachedMethod decorates methods, as standard decorators do. Elsewhere use cache.cached.",
      );
    }
    const cachedOptions = options as unknown as CachedOptions<AsyncFunction>;
    return cache.cached(method as unknown as AsyncFunction, cachedOptions) as unknown as Method;
  };
}
