import type { Loader, LoaderContext } from "../../../src/loading/loader.ts";

/** A loader that returns when a test says so. */
export interface HeldLoader<T> {
  readonly loader: Loader<T>;
  /** Resolves when it was called. */
  readonly called: Promise<void>;
  /** What it was called with. @throws Error before */
  context(): LoaderContext<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Makes one. */
export function holdLoader<T>(): HeldLoader<T> {
  let context: LoaderContext<T> | undefined;
  let tellCalled!: () => void;
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const called = new Promise<void>((tell) => {
    tellCalled = tell;
  });
  const value = new Promise<T>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  value.catch(() => undefined);
  return {
    loader: (given) => {
      context = given;
      tellCalled();
      return value;
    },
    called,
    context: () => {
      if (context === undefined) throw new Error("The loader was not called yet.");
      return context;
    },
    ...{ resolve, reject },
  };
}
