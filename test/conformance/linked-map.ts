import type { Backend, OperationContext } from "../../src/backend/backend.ts";
import type { BackendHost } from "../../src/backend/registry.ts";
import {
  BackendTimeoutError,
  BackendUnavailableError,
  OutcomeUnknownError,
  UnsupportedOperationError,
} from "../../src/foundation/errors.ts";
import type { ScheduledTask } from "../../src/foundation/scheduler.ts";
import type { ConformanceFaults } from "../../src/testing/conformance-faults.ts";
import { createMapBackend, type MapBackendOptions } from "../../src/testing/map-backend/map-backend.ts";

/** The deadline of a call, in ms. */
const DEADLINE_MS = 1_000;
const NODE = "map:1";
const READS: ReadonlySet<string> = new Set(["connect", "ping", "get", "getMulti", "getStale", "stamp", "scan"]);
const OPERATIONS = [
  ...["ping", "get", "getMulti", "getStale", "set", "setMulti", "delete", "deleteMulti", "expire"],
  ...["increment", "commit", "lease", "invalidateTags", "stamp", "clear"],
] as const;

/** Options of {@link createLinkedMap}. */
export interface LinkedMapOptions extends Pick<MapBackendOptions, "storage"> {
  /** The deadline of a call, in ms. Default 1,000. */
  readonly deadlineMs?: number;
}

/** A store behind a link that can be broken, as a client over a network is. */
export interface LinkedMap {
  readonly backend: Required<Omit<Backend, "peek" | "isolate" | "resize">>;
  readonly faults: Required<ConformanceFaults>;
  /** Another client of the same data, over the same link. */
  readonly openSecond: () => Backend;
}

interface RunningCall {
  /** A reset meets some requests before they arrive, and others only on their way back. */
  readonly lose: () => void;
  readonly fail: (error: unknown) => void;
}

/** The link: what a server and the way to it do. */
interface Link {
  state: "up" | "away" | "hung";
  /** Requests that the hung server has taken, to be carried out when it goes on. */
  readonly held: (() => void)[];
  readonly clients: Set<ReadonlySet<RunningCall>>;
}

/**
 * A correct model of a client over a network, in front of the plain store: requests take a turn there and a turn back, calls have a deadline,
 * and every failure says whether something may have happened.
 */
export function createLinkedMap(
  host: BackendHost,
  { deadlineMs = DEADLINE_MS, storage = "values" }: LinkedMapOptions = {},
): LinkedMap {
  const map = createMapBackend({ clock: host.clock, storage });
  const link: Link = { state: "up", held: [], clients: new Set() };
  const cutOff = (): void => {
    for (const calls of link.clients) {
      for (const [index, call] of [...calls].entries()) {
        if (index % 2 === 0) call.lose();
        call.fail(undefined);
      }
    }
  };
  const faults: Required<ConformanceFaults> = {
    stop: async () => {
      link.state = "away";
      cutOff();
    },
    start: async () => {
      link.state = "up";
    },
    hang: async () => {
      link.state = "hung";
    },
    resume: async () => {
      link.state = "up";
      for (const carryOut of link.held.splice(0)) carryOut();
    },
    reset: async () => cutOff(),
  };
  const client = (): LinkedMap["backend"] => createClient(map as unknown as Required<Backend>, link, host, deadlineMs);
  return { backend: client(), faults, openSecond: client };
}

function createClient(map: Required<Backend>, link: Link, host: BackendHost, deadlineMs: number): LinkedMap["backend"] {
  const running = new Set<RunningCall>();
  link.clients.add(running);
  let isConnected = false;
  let isClosed = false;

  function call<T>(operation: string, context: OperationContext, carryOut: () => T): Promise<T> {
    if (isClosed) return Promise.reject(unavailable(operation, "closed"));
    if (link.state === "away") {
      isConnected = false;
      return Promise.reject(unavailable(operation, "refused"));
    }
    isConnected = true;
    return new Promise<T>((resolve, reject) => {
      let timer: ScheduledTask | undefined;
      const settle = (end: () => void): void => {
        running.delete(entry);
        timer?.cancel();
        end();
      };
      const lost = (): Error =>
        READS.has(operation) ? unavailable(operation, "reset") : new OutcomeUnknownError("linked", operation);
      let isLost = false;
      const entry: RunningCall = {
        lose: () => {
          isLost = true;
        },
        fail: (error) => settle(() => reject(error ?? lost())),
      };
      running.add(entry);
      timer = host.scheduler.after(deadlineMs, () =>
        entry.fail(READS.has(operation) ? new BackendTimeoutError("linked", operation, deadlineMs) : undefined),
      );
      const arrive = (): void => {
        if (isLost) return;
        if (context.signal?.aborted === true) {
          entry.fail(context.signal.reason);
          return;
        }
        try {
          const answer = carryOut();
          setImmediate(() => settle(() => resolve(answer)));
        } catch (error) {
          settle(() => reject(error));
        }
      };
      setImmediate(() => (link.state === "hung" ? link.held.push(arrive) : arrive()));
    });
  }

  const linked: Record<string, unknown> = {};
  for (const operation of OPERATIONS) {
    linked[operation] = (...given: unknown[]) =>
      call(operation, given.at(-1) as OperationContext, () =>
        (map[operation] as (...parameters: unknown[]) => unknown)(...given),
      );
  }
  return {
    ...map,
    ...linked,
    name: "linked",
    capabilities: { ...map.capabilities, transactions: "co-located", local: false },
    connect: (context) => call("connect", context, () => undefined),
    close: () => {
      isClosed = true;
      isConnected = false;
      link.clients.delete(running);
      for (const entry of [...running]) entry.fail(unavailable("close", "closed"));
    },
    async *scan(prefix, context) {
      await call("scan", context, () => undefined);
      for await (const slice of map.scan(prefix, context)) yield slice;
    },
    areColocated,
    commit: async (checks, writes, context) => {
      if (areColocated([...checks, ...writes].map(({ key }) => key))) {
        return call(
          "commit",
          context,
          () => map.commit(checks, writes, context) as Awaited<ReturnType<typeof map.commit>>,
        );
      }
      throw new UnsupportedOperationError("transaction", "The keys live apart. Give them a common {hash tag}.");
    },
    connections: () => ({ open: isConnected ? 1 : 0, inFlight: running.size, waiting: 0 }),
    report: async (context) => {
      const startedAtMs = host.clock.monotonicMs();
      const error = await call("ping", context, () => undefined).catch((reason: Error) => reason);
      const latencyMs = host.clock.monotonicMs() - startedAtMs;
      const isUp = error === undefined;
      return {
        nodes: [
          {
            node: NODE,
            status: isUp ? "up" : "down",
            latencyMs,
            warnings: [],
            ...(!isUp && { message: error.message }),
          },
        ],
      };
    },
  } as LinkedMap["backend"];
}

function areColocated(keys: readonly string[]): boolean {
  return new Set(keys.map((key) => /\{([^}]+)\}/.exec(key)?.[1] ?? key)).size <= 1;
}

/** The word tells why, for doubles that treat one cause wrongly. */
function unavailable(operation: string, why: "closed" | "refused" | "reset"): BackendUnavailableError {
  return new BackendUnavailableError("linked", operation, `linked: ${why}`);
}
