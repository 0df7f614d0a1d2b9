import { LoaderError } from "../foundation/errors.ts";
import { isThenable } from "../foundation/is-thenable.ts";
import { callTraced } from "./call-traced.ts";
import type { Load } from "./load.ts";
import { createLoadPlan } from "./load-plan.ts";
import {
  createLoad,
  fail,
  type LoadedValue,
  type LoadGrant,
  type LoadPorts,
  type LoadRequest,
  settleFound,
  storeAndSettle,
  withNegative,
} from "./load-runner.ts";
import type { BatchLoader } from "./loader.ts";
import { callLoader } from "./loader-chain.ts";
import { LoaderRun } from "./loader-run.ts";

/**
 * Starts one load per request, all fed by one call of a batch loader, but for those that somebody else loads meanwhile: what of them is left to load in the end is fed by
 * calls of its own. Returns at once.
 */
export function startBatchLoad<T>(requests: readonly LoadRequest[], loader: BatchLoader<T>, ports: LoadPorts): Load[] {
  const batch = new BatchRunner(requests, loader, ports);
  void batch.run();
  return batch.loads;
}

/** Keys that are asked for at a time: a deadline counts from the question, and of thousands the last would pass it before it is sent. */
const MAX_QUESTION_COUNT = 512;

/** A key with its load, on the way from the request to the call of a loader. */
interface BatchPart {
  readonly request: LoadRequest;
  readonly load: Load;
  /** Where it stands in the request. */
  readonly position: number;
  /** Told when the load is given up while a loader is called for it. */
  onGivenUp: ((reason: unknown) => void) | undefined;
}

/** A key that may be loaded. */
interface GrantedPart {
  readonly part: BatchPart;
  readonly grant: LoadGrant;
}

/**
 * The loads of one batch.
 *
 * ```text
 * asks for the leave ──has it──▶ ready ──all have it, or are held up──▶ one call of the loader for all that are ready
 *        │ held up by who loads it elsewhere
 *        ▼
 *     waits ──found──▶ settled
 *        │ has the leave after all
 *        ▼
 *     late ──a timer of no time──▶ one call of the loader for all that are late
 * ```
 */
class BatchRunner<T> {
  readonly loads: Load[];
  readonly #parts: readonly BatchPart[];
  readonly #loader: BatchLoader<T>;
  readonly #ports: LoadPorts;
  readonly #ready: GrantedPart[] = [];
  #late: GrantedPart[] = [];

  constructor(requests: readonly LoadRequest[], loader: BatchLoader<T>, ports: LoadPorts) {
    this.#loader = loader;
    this.#ports = ports;
    this.#parts = requests.map((request, position) => {
      const load = createLoad(request, ports, (reason) => part.onGivenUp?.(reason));
      const part: BatchPart = { request, load, position, onGivenUp: undefined };
      return part;
    });
    this.loads = this.#parts.map(({ load }) => load);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    // Whoever wants the loads begins to wait in this step, which is long for thousands: the store's time must not run meanwhile.
    await undefined;
    const queue = this.#parts.values();
    const acquireNext = async (): Promise<void> => {
      for (const part of queue) if (!part.load.isOver) await this.#acquire(part);
    };
    await Promise.all(Array.from({ length: Math.min(this.#parts.length, MAX_QUESTION_COUNT) }, acquireNext));
    await this.#load(this.#ready);
  }

  /** Resolves when there is the leave to load a key, or somebody else loads it: whoever waits for that one must not hold up the rest. */
  #acquire(part: BatchPart): Promise<void> {
    return new Promise((resolve) => {
      let isHeldUp = false;
      const onHeldUp = (): void => {
        isHeldUp = true;
        resolve();
      };
      // In a promise, so that whatever fails here fails this key alone, and leaves nobody waiting.
      new Promise<LoadGrant>((take) => take(this.#ports.acquire(part.load, onHeldUp))).then(
        (grant) => {
          if (isHeldUp) this.#arrive({ part, grant });
          else this.#ready.push({ part, grant });
          resolve();
        },
        (error: unknown) => {
          fail(part.load, error, this.#ports);
          resolve();
        },
      );
    });
  }

  /** Those who wait for one process go on together mostly, when its loader fails or its leave ends: they are loaded together. What it has loaded is nothing to wait with. */
  #arrive(late: GrantedPart): void {
    if (this.#settleFound(late)) return;
    this.#late.push(late);
    if (this.#late.length > 1) return;
    const send = (): void => {
      const arrived = this.#late;
      this.#late = [];
      void this.#load(arrived);
    };
    this.#ports.scheduler.after(0, send, true);
  }

  /** Calls the loader for what nobody else has loaded. Never rejects. */
  async #load(granted: GrantedPart[]): Promise<void> {
    const wanted = granted.filter((one) => !this.#settleFound(one));
    if (wanted.length === 0) return;
    // In the order of the request, whoever answered first.
    wanted.sort((one, other) => one.part.position - other.part.position);
    const keys = wanted.map(({ part }) => part.request.key);
    try {
      // A copy: the loader may sort what it gets, or take it apart.
      const brought = valuesOf(await this.#callLoader(wanted, [...keys]), keys);
      const results = wanted.map(({ part: { load, request }, grant: { stamp } }, index): LoadedValue => {
        return withNegative({ load, value: brought[index], plan: createLoadPlan(), stamp }, request);
      });
      await storeAndSettle(results, this.#ports);
    } catch (error) {
      for (const { part } of wanted) fail(part.load, error, this.#ports);
    }
  }

  /** Each call has a signal of its own, which is aborted when every key of this call was given up: the others of the batch are nothing to it. */
  #callLoader(wanted: readonly GrantedPart[], keys: readonly string[]): unknown {
    const controller = new AbortController();
    const run = new LoaderRun();
    let wantedCount = wanted.length;
    for (const { part } of wanted) {
      part.load.feedFrom(run);
      part.onGivenUp = (reason) => {
        wantedCount -= 1;
        if (wantedCount === 0) controller.abort(reason);
      };
    }
    const [first] = wanted as [GrantedPart];
    const call = (): unknown => this.#loader(keys, { signal: controller.signal });
    return callTraced(this.#ports.tracing, keys.length, () => callLoader(first.part.load, call));
  }

  /** @returns whether there is nothing to load any more */
  #settleFound({ part: { load }, grant: { found } }: GrantedPart): boolean {
    if (!load.isOver && found !== undefined) settleFound(load, found, this.#ports);
    return load.isOver;
  }
}

/** What a batch loader brought for keys. @throws LoaderError `GCX_LOADER_INVALID` when that is no map, or one of promises: nobody would know how long they take */
function valuesOf(values: unknown, keys: readonly string[]): readonly unknown[] {
  if (typeof (values as ReadonlyMap<string, unknown> | null | undefined)?.get !== "function") {
    throw new LoaderError("GCX_LOADER_INVALID", "A batch loader must return a Map of keys to values.");
  }
  const brought = keys.map((key) => (values as ReadonlyMap<string, unknown>).get(key));
  const promises = brought.filter((value) => isThenable(value));
  if (promises.length === 0) return brought;
  // Nobody waits for them any more; that is no unhandled rejection.
  for (const promise of promises) Promise.resolve(promise).catch(() => undefined);
  throw new LoaderError(
    "GCX_LOADER_INVALID",
    "A batch loader must return a Map of values, not of promises: await them.",
  );
}
