/** A signal that is made when somebody looks at it: to make one takes longer than the rest of a load in memory, and few loaders do. */
export class LazyAbort {
  #controller: AbortController | undefined;
  /** Set when it was aborted before anybody looked. */
  #early: { readonly reason: unknown } | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#early !== undefined) this.#controller.abort(this.#early.reason);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal. Only the first reason counts. */
  abort(reason: unknown): void {
    if (this.#controller !== undefined) this.#controller.abort(reason);
    else this.#early ??= { reason };
  }
}
