import { type BackoffBounds, backoffMs } from "../../foundation/backoff.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { RandomSource } from "../../foundation/random-source.ts";
import type { ScheduledTask, Scheduler } from "../../foundation/scheduler.ts";
import type { Dial } from "./dial-link.ts";
import { RefusedPeerError, SilentPeerError } from "./greeting.ts";
import type { Link } from "./link.ts";
import type { Hello } from "./wire/hello.ts";

/** Why an address is dialed: it is in the configuration, in DNS, in the table of nodes, or was added by a call. */
export type TargetSource = "static" | "dns" | "table" | "added";

/** An address that is dialed while there is no link to the node behind it. */
export interface Target {
  readonly address: string;
  /** The node that answered last. */
  readonly nodeId: string | undefined;
  readonly state: "idle" | "dialing" | "waiting" | "linked" | "self";
  readonly failedCount: number;
  /** Whether the last dial had no answer in its time. */
  readonly isSilent: boolean;
  /** That which runs. */
  readonly dial: Dial | undefined;
  /** Why it is dialed; one reason at least. */
  readonly sources: ReadonlySet<TargetSource>;
}

/** How a dial ended; see `DialPlan`. */
export interface DialOutcome {
  /** @returns whether the link is used: not when it leads to this node itself */
  readonly onGreeted: (link: Link, hello: Hello) => boolean;
  readonly onFailed: (error: Error) => void;
}

/** What a dialer is made of. */
export interface DialerParts {
  readonly nodeId: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly scheduler: Pick<Scheduler, "after">;
  readonly random: RandomSource;
  readonly reconnect: BackoffBounds;
  /** Opens a link to an address. One function of the outcome is called later. */
  readonly dial: (target: Target, outcome: DialOutcome) => Dial;
  /** Whether there is a link to this node, whoever dialed it. */
  readonly isLinked: (nodeId: string) => boolean;
  /** Another life answers at an address: the one before is over. */
  readonly onReplaced: (nodeId: string) => void;
  /** An address does not answer, or refuses. Told for the first failure after a success, and when the reason changes. */
  readonly onUnreachable: (address: string, error: Error) => void;
}

/** One reason for all failures of the network. */
const UNREACHABLE = "unreachable";

interface OwnTarget {
  readonly address: string;
  readonly sources: Set<TargetSource>;
  nodeId: string | undefined;
  state: Target["state"];
  failedCount: number;
  isSilent: boolean;
  linkedAtMs: number;
  toldReason: string | undefined;
  dial: Dial | undefined;
  timer: ScheduledTask | undefined;
  link: Link | undefined;
}

/**
 * Dials the addresses of other nodes, and again after a pause that grows with chance, as long as there is no link to the node behind an address.
 *
 * ```text
 * idle ──▶ dialing ──(greeted)──────────────▶ linked ──(the node's last link is over)──▶ waiting
 *             │ └───(greeted by itself)─────▶ self                                          │
 *             └─────(failed)──▶ waiting ──(pause; node linked meanwhile)──▶ linked          │
 *             ▲                    └──────(pause)──┐                                        │
 *             └────────────────────────────────────┴────────────────────────────────────────┘
 * ```
 *
 * An address that leads to this node itself is dialed once. Two addresses of the same node are dialed once each, and then only when the node has no link.
 */
export class Dialer {
  readonly #parts: DialerParts;
  readonly #targets = new Map<string, OwnTarget>();
  #isClosed = false;

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  /** All addresses that are dialed. */
  targets(): readonly Target[] {
    return [...this.#targets.values()];
  }

  /** Adds an address. Adding it again for the same reason does nothing. */
  add(address: string, source: TargetSource): void {
    if (this.#isClosed) return;
    const known = this.#targets.get(address);
    if (known !== undefined) {
      known.sources.add(source);
      return;
    }
    const target = createTarget(address, source);
    this.#targets.set(address, target);
    this.#dial(target);
  }

  /**
   * Takes back one reason to dial an address. Without one left it is dialed no more.
   *
   * @param endsLink whether the link that was dialed to it ends too, if nothing else leads to its node
   */
  remove(address: string, source: TargetSource, endsLink: boolean): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.sources.delete(source);
    if (target.sources.size > 0) return;
    this.#targets.delete(address);
    stop(target);
    const isNeeded = [...this.#targets.values()].some(({ nodeId }) => nodeId !== undefined && nodeId === target.nodeId);
    if (endsLink && !isNeeded) target.link?.leave();
  }

  /** Makes the addresses of one source these. Links to others stay: a node that left ends its own, and a name server may err. */
  replace(addresses: readonly string[], source: TargetSource): void {
    const wanted = new Set(addresses);
    for (const { address, sources } of [...this.#targets.values()]) {
      if (sources.has(source) && !wanted.has(address)) this.remove(address, source, false);
    }
    for (const address of wanted) this.add(address, source);
  }

  /** The last link to a node is over. */
  noteLost(nodeId: string): void {
    for (const target of this.#targets.values()) {
      if (target.nodeId !== nodeId || target.state !== "linked") continue;
      // Who hears of the lost link need not hear that the first dial after it failed.
      target.toldReason = UNREACHABLE;
      this.#wait(target);
    }
  }

  /** Gives every dial up. */
  close(): void {
    this.#isClosed = true;
    for (const target of this.#targets.values()) stop(target);
    this.#targets.clear();
  }

  #dial(target: OwnTarget): void {
    target.timer = undefined;
    if (target.nodeId !== undefined && this.#parts.isLinked(target.nodeId)) {
      this.#setLinked(target);
      return;
    }
    target.state = "dialing";
    target.dial = this.#parts.dial(target, {
      onGreeted: (link, hello) => this.#greeted(target, link, hello),
      onFailed: (error) => this.#failed(target, error),
    });
  }

  #greeted(target: OwnTarget, link: Link, hello: Hello): boolean {
    const { nodeId, onReplaced } = this.#parts;
    target.dial = undefined;
    target.isSilent = false;
    target.toldReason = undefined;
    if (hello.nodeId === nodeId) {
      target.state = "self";
      link.abort(undefined);
      return false;
    }
    const before = target.nodeId;
    target.nodeId = hello.nodeId;
    target.link = link;
    this.#setLinked(target);
    if (before !== undefined && before !== hello.nodeId) onReplaced(before);
    return true;
  }

  #failed(target: OwnTarget, error: Error): void {
    target.dial = undefined;
    target.isSilent = error instanceof SilentPeerError;
    const reason = reasonOf(error);
    if (target.toldReason !== reason) {
      target.toldReason = reason;
      this.#parts.onUnreachable(target.address, error);
    }
    this.#wait(target, error instanceof RefusedPeerError);
  }

  #setLinked(target: OwnTarget): void {
    target.state = "linked";
    target.linkedAtMs = this.#parts.clock.monotonicMs();
  }

  #wait(target: OwnTarget, isRefused = false): void {
    const { clock, scheduler, random, reconnect } = this.#parts;
    // Links that end as soon as they are made are failures too, or two nodes would dial each other all the time.
    const isStable = target.state === "linked" && clock.monotonicMs() - target.linkedAtMs > reconnect.maxMs;
    const attempt = isStable ? 0 : target.failedCount;
    target.failedCount = attempt + 1;
    target.state = "waiting";
    target.link = undefined;
    // Who refuses does so again until a configuration changes.
    const pauseMs = isRefused ? reconnect.maxMs * (0.5 + random.next() / 2) : backoffMs(attempt, reconnect, random);
    target.timer = scheduler.after(pauseMs, () => this.#dial(target));
  }
}

function createTarget(address: string, source: TargetSource): OwnTarget {
  return {
    address,
    sources: new Set([source]),
    nodeId: undefined,
    state: "idle",
    failedCount: 0,
    isSilent: false,
    linkedAtMs: 0,
    toldReason: undefined,
    dial: undefined,
    timer: undefined,
    link: undefined,
  };
}

function stop(target: OwnTarget): void {
  target.dial?.cancel();
  target.timer?.cancel();
  target.dial = undefined;
  target.timer = undefined;
}

/** What makes one failure the same as another; the library numbers its attempts within the text. */
function reasonOf(error: Error): string {
  return error instanceof RefusedPeerError ? error.message : UNREACHABLE;
}
