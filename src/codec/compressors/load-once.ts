/** Something that is loaded at most once. */
export interface LoadOnce<Loaded> {
  /** Loads it, or joins who does. A failure is not kept: the next call tries again. */
  load(): Promise<void>;
  readonly isLoaded: boolean;
  /** What was loaded. @throws Error before {@link LoadOnce.load} has succeeded, which is a mistake of this library */
  readonly loaded: Loaded;
}

/** Shares one run of a loader among all who ask. */
export function loadOnce<Loaded>(load: () => Promise<Loaded>): LoadOnce<Loaded> {
  let running: Promise<void> | undefined;
  let result: { readonly loaded: Loaded } | undefined;
  return {
    load: () => {
      running ??= load().then(
        (loaded) => {
          result = { loaded };
        },
        (error: unknown) => {
          running = undefined;
          throw error;
        },
      );
      return running;
    },
    get isLoaded() {
      return result !== undefined;
    },
    get loaded() {
      if (result === undefined) throw new Error("load() must be called and awaited first.");
      return result.loaded;
    },
  };
}
