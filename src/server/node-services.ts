import type { TracerSlot } from "../events/call-tracer.ts";
import type { AccessControl } from "./access/access-control.ts";
import type { LiveStreams } from "./dashboard/live-streams.ts";
import type { HealthProbe } from "./health-probe.ts";
import type { HeldLeases } from "./held-leases.ts";
import type { ResolvedNodeOptions } from "./node-options.ts";
import type { RunningRequests } from "./running-requests.ts";
import type { UploadBudget } from "./upload-budget.ts";

/** What the requests of one node share. */
export interface NodeServices {
  readonly options: ResolvedNodeOptions;
  readonly access: AccessControl;
  readonly requests: RunningRequests;
  readonly uploads: UploadBudget;
  readonly health: HealthProbe;
  readonly leases: HeldLeases;
  /** What happens now, for those who watch. */
  readonly live: LiveStreams;
  /** Who traces the cache, and requests with it. */
  readonly tracing: TracerSlot;
  /** The OpenAPI document as JSON; made when it is asked for first. */
  readonly apiDocument: () => string;
}
