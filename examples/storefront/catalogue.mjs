import { Worker } from "node:worker_threads";

/**
 * Opens a product catalogue that is slow on purpose: a file without an index, searched from the start by a thread of
 * its own (`catalogue-worker.mjs`). A search takes tens of milliseconds of real reading and parsing.
 *
 * @param {{ file: string, productCount: number, signal: AbortSignal }} options `file`: one product per line as JSON, with
 *   the ids 1 to `productCount`; `signal` closes the catalogue: its thread ends and waiting queries fail
 */
export function openCatalogue({ file, productCount, signal }) {
  const worker = new Worker(new URL("./catalogue-worker.mjs", import.meta.url), { workerData: { file, productCount } });
  /** @type {Map<number, { resolve: (result: unknown) => void, reject: (reason: unknown) => void }>} */
  const waiting = new Map();
  let lastQuery = 0;
  let closedBecause;

  function close(reason) {
    closedBecause ??= reason;
    for (const query of waiting.values()) query.reject(closedBecause);
    waiting.clear();
    void worker.terminate();
  }

  worker.on("message", ({ query, result, problem }) => {
    const asked = waiting.get(query);
    waiting.delete(query);
    if (problem === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`The catalogue cannot be read: ${problem}`));
  });
  worker.on("error", (error) => close(error));
  if (signal.aborted) close(signal.reason);
  else signal.addEventListener("abort", () => close(signal.reason), { once: true });
  // The thread never keeps a process alive that has nothing else to do.
  worker.unref();

  /** Sends a message and waits for its answer; an abort leaves at once and takes the query back. */
  function ask(message, abortSignal) {
    if (closedBecause !== undefined) return Promise.reject(closedBecause);
    if (abortSignal?.aborted) return Promise.reject(abortSignal.reason);
    lastQuery += 1;
    const query = lastQuery;
    const answered = new Promise((resolve, reject) => waiting.set(query, { resolve, reject }));
    worker.postMessage({ ...message, query });
    if (abortSignal === undefined) return answered;
    const leave = () => {
      waiting.get(query)?.reject(abortSignal.reason);
      waiting.delete(query);
      worker.postMessage({ kind: "cancel", query });
    };
    abortSignal.addEventListener("abort", leave, { once: true });
    return answered.finally(() => abortSignal.removeEventListener("abort", leave));
  }

  return {
    /**
     * The product with this id, or `null`. O(file).
     *
     * @param {number} id
     * @param {AbortSignal} [abortSignal] leaves the search; the promise rejects with its reason
     * @returns {Promise<object | null>}
     */
    findProduct: (id, abortSignal) => ask({ kind: "find", id }, abortSignal),

    /**
     * Changes a price. Searches that begin after the promise resolved see it; one that runs may have passed the row.
     *
     * @param {number} id
     * @param {number} price
     * @returns {Promise<boolean>} whether there is such a product
     */
    setPrice: (id, price) => ask({ kind: "set-price", id, price }),
  };
}
