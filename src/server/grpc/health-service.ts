import { loadDependency, type OptionalDependency } from "../../foundation/optional-dependency.ts";
import type { HealthProbe } from "../health-probe.ts";
import { CACHE_SERVICE_NAME, type ServedService } from "./cache-service.ts";
import type { GrpcHandler, GrpcStreamCall } from "./grpc-server-library.ts";
import { GRPC_STATUS } from "./grpc-status.ts";

type ServingStatus = "SERVING" | "NOT_SERVING";

/** What the package keeps: a status for each service, and who watches it. */
interface HealthImplementation {
  setStatus(service: string, status: ServingStatus): void;
  addToServer(server: {
    addService(definition: object, implementation: Readonly<Record<string, GrpcHandler>>): void;
  }): void;
}

/** `grpc-health-check`, as far as it is used. */
interface HealthLibrary {
  readonly HealthImplementation: new (statuses: Readonly<Record<string, ServingStatus>>) => HealthImplementation;
}

const HEALTH: OptionalDependency<HealthLibrary> = {
  name: "grpc-health-check",
  purpose: "grpc.health.v1 of a node",
  range: "^2.1.0",
  load: async () => (await import("grpc-health-check")) as unknown as HealthLibrary,
};

/** Services that follow the cache: all of it, and the one of this API. */
const CACHE_SERVICES: readonly string[] = ["", CACHE_SERVICE_NAME];
/** Serves as long as the process does: restarting it would not mend a store. */
const LIVENESS_SERVICE = "liveness";
/** How often the cache is asked while somebody watches, in ms. */
const WATCH_MS = 1_000;
/** Most watchers at a time: they need no token. */
const MAX_WATCHER_COUNT = 1_024;

/** `grpc.health.v1` of a node: says how its cache is. */
export interface HealthService extends ServedService {
  /** Says `NOT_SERVING` to everybody from now on, and ends who watches: they would keep the server from closing. */
  drain(): void;
}

/**
 * Makes the health service. The cache is asked when somebody asks, and once a second while somebody watches; the probe keeps its answers for
 * half a second, and answers within its deadline.
 *
 * @throws DependencyError when the package is not installed
 */
export async function createHealthService(probe: HealthProbe): Promise<HealthService> {
  const library = await loadDependency(HEALTH);
  let served: ServedService | undefined;
  const statuses = Object.fromEntries([...CACHE_SERVICES, LIVENESS_SERVICE].map((name) => [name, "SERVING" as const]));
  const health = new library.HealthImplementation(statuses);
  health.addToServer({
    addService: (definition, implementation) => {
      served = { definition, implementation };
    },
  });
  const { definition, implementation } = served as unknown as ServedService;
  const board = new HealthBoard(health, probe);
  const afterUpdate =
    (handler: GrpcHandler): GrpcHandler =>
    (call, answer) =>
      void board.update().then(() => handler(call, answer));
  const { check, list, watch } = implementation as Readonly<Record<string, GrpcHandler>>;
  return {
    definition,
    implementation: {
      check: afterUpdate(check as GrpcHandler),
      ...(list === undefined ? {} : { list: afterUpdate(list) }),
      watch: (call, answer) => void board.watch(call, () => (watch as GrpcHandler)(call, answer)),
    },
    drain: () => board.drain(),
  };
}

/** What is said of each service, and who is told. */
class HealthBoard {
  readonly #health: HealthImplementation;
  readonly #probe: HealthProbe;
  readonly #watchers = new Set<GrpcStreamCall>();
  #status: ServingStatus = "SERVING";
  #isDraining = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(health: HealthImplementation, probe: HealthProbe) {
    this.#health = health;
    this.#probe = probe;
  }

  /** Takes over how the cache is now. Never rejects. */
  async update(): Promise<void> {
    if (this.#isDraining) return;
    const { status } = await this.#probe.check();
    // The node began to close while the cache was asked: that it serves must not be said again.
    if (this.#isDraining) return;
    this.#say(status === "down" ? "NOT_SERVING" : "SERVING");
  }

  async watch(call: GrpcStreamCall, begin: () => void): Promise<void> {
    call.on("error", () => undefined);
    if (this.#watchers.size >= MAX_WATCHER_COUNT) {
      const details = `${MAX_WATCHER_COUNT} callers watch already. Call Check instead.`;
      call.emit("error", { code: GRPC_STATUS.resourceExhausted, details });
      return;
    }
    this.#watchers.add(call);
    const forget = (): void => this.#forget(call);
    call.on("close", forget);
    call.on("cancelled", forget);
    await this.update();
    if (call.cancelled) return forget();
    begin();
    if (this.#isDraining) call.end();
    else this.#timer ??= setInterval(() => void this.update(), WATCH_MS).unref();
  }

  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#say("NOT_SERVING");
    this.#health.setStatus(LIVENESS_SERVICE, "NOT_SERVING");
    for (const call of this.#watchers) call.end();
    this.#stopAsking();
  }

  /** Watchers are told by `setStatus`, changed or not. */
  #say(status: ServingStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    for (const name of CACHE_SERVICES) this.#health.setStatus(name, status);
  }

  #forget(call: GrpcStreamCall): void {
    this.#watchers.delete(call);
    if (this.#watchers.size === 0) this.#stopAsking();
  }

  #stopAsking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
