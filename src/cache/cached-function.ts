import type { SharedLoadOptions } from "./options.ts";

/** A function whose results can be cached: of any arguments, and of any `this`. */
export type AsyncFunction = (this: never, ...args: never[]) => Promise<unknown>;

/** What the result of a call is stored under: a text made of the call's `this` and arguments, or, for functions without arguments, a constant. */
export type CachedKey<Fn extends AsyncFunction> =
  | ((this: ThisParameterType<Fn>, ...args: Parameters<Fn>) => string)
  | (Parameters<Fn> extends readonly [] ? string : never);

/** Options of `cached`. */
export interface CachedOptions<Fn extends AsyncFunction> extends SharedLoadOptions {
  /** What the result of a call is stored under. Whatever the result depends on must be in it. */
  readonly key: CachedKey<Fn>;
}

/** What a cached function has besides its call. With a function that needs its `this`, call them by `call`: `find.refresh.call(repository, 7)`. */
export interface CachedFunctionMethods<Fn extends AsyncFunction> {
  /** Deletes the result for these arguments, and detaches a load of it. @returns whether there was one */
  readonly invalidate: (this: ThisParameterType<Fn>, ...args: Parameters<Fn>) => Promise<boolean>;
  /** Calls the function anew and replaces its result (`forceFresh`). */
  readonly refresh: (this: ThisParameterType<Fn>, ...args: Parameters<Fn>) => ReturnType<Fn>;
  /** The key of a call with these arguments. */
  readonly key: (this: ThisParameterType<Fn>, ...args: Parameters<Fn>) => string;
}

/** A function as it was, but for its results, which come from the cache. */
export type CachedFunction<Fn extends AsyncFunction> = Fn & CachedFunctionMethods<Fn>;
