import { backoffMs } from "../../foundation/backoff.ts";
import type { ScheduledTask } from "../../foundation/scheduler.ts";
import { KeptSubscription } from "./kept-subscription.ts";
import type { RedisChannelListener, RedisSubscription, ShardChannel } from "./redis-client.ts";
import type { RedisHost } from "./redis-host.ts";
import type { OpenRedisLine, RedisShardLines } from "./redis-line.ts";
import type { RedisSettings } from "./redis-settings.ts";

/** What a subscription of a cluster's channels is made of. */
export interface ShardSubscriptionParts {
  readonly channels: readonly ShardChannel[];
  readonly listener: RedisChannelListener;
  readonly lines: RedisShardLines;
  readonly settings: Pick<RedisSettings, "readTimeoutMs" | "retryBackoff">;
  readonly host: RedisHost;
}

/** Channels that are heard over one connection. */
interface Group {
  readonly channels: ReadonlySet<string>;
  readonly kept: KeptSubscription;
  /** Those whose slots have left the server. */
  readonly moved: Set<string>;
  /** `refused`: the server or the account does not allow it, so nothing is said there either. */
  state: "opening" | "up" | "refused";
}

/**
 * Channels that are kept to the servers of their slots: one connection to each primary that has some of them, which comes back by itself as {@link KeptSubscription} does.
 *
 * ```text
 * a slot leaves (the server says so, or the map) ──▶ who has it now? ──▶ there a second connection, with what it had and what came ──(it hears)──▶ the first is closed
 * a primary is gone                              ──▶ who has its slots now? (asked until all are heard) ──▶ the same
 * ```
 *
 * A connection is replaced rather than told to hear more: the library takes a slot's leaving that comes while it waits for an answer for that answer. So nothing of what is heard already is
 * missed, some is heard twice, and only what the moved slots say meanwhile is missed, and told as a gap.
 */
export class ShardSubscription implements RedisSubscription {
  readonly #parts: ShardSubscriptionParts;
  /** By address; the last one is what is wanted, those before it are heard until it is up. */
  readonly #groups = new Map<string, Group[]>();
  /** Those that have a successor, and may still have something to say. */
  readonly #retiring = new Set<KeptSubscription>();
  #task: ScheduledTask | undefined;
  #isLooking = false;
  #isClosed = false;
  #isWarned = false;
  /** Looks in a row after which not all was heard. */
  #failureCount = 0;

  constructor(parts: ShardSubscriptionParts) {
    this.#parts = parts;
  }

  /** Begins. To be called once. */
  open(): void {
    void this.#look();
  }

  close(): void {
    this.#isClosed = true;
    this.#task?.cancel();
    for (const groups of this.#groups.values()) for (const group of groups) group.kept.close();
    for (const kept of this.#retiring) kept.close();
    this.#groups.clear();
    this.#retiring.clear();
  }

  /** Whether every channel is heard, or none is to be heard there. */
  #isHearing(): boolean {
    const groups = [...this.#groups.values()].flat().filter(({ state }) => state !== "opening");
    return this.#parts.channels.every(({ name }) =>
      groups.some(({ channels, moved }) => channels.has(name) && !moved.has(name)),
    );
  }

  /** Opens what is missing, as far as it is known who has it; while something is not heard, asks who has it. */
  async #look(): Promise<void> {
    const { lines, host, settings } = this.#parts;
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    this.#task?.cancel();
    if (!this.#isHearing()) await lines.refresh().catch(() => undefined);
    this.#isLooking = false;
    if (this.#isClosed) return;
    this.#arrange();
    const isHearing = this.#isHearing();
    const delayMs = isHearing
      ? settings.readTimeoutMs
      : backoffMs(this.#failureCount, settings.retryBackoff, host.random);
    this.#failureCount = isHearing ? 0 : this.#failureCount + 1;
    this.#task = host.scheduler.after(delayMs, () => void this.#look());
  }

  #arrange(): void {
    const wanted = new Map<string, string[]>();
    for (const { slot, name } of this.#parts.channels) {
      const address = this.#parts.lines.addressOfSlot(slot);
      if (address === "") continue;
      const names = wanted.get(address);
      if (names === undefined) wanted.set(address, [name]);
      else names.push(name);
    }
    for (const [address, groups] of this.#groups) {
      if (wanted.has(address)) continue;
      this.#groups.delete(address);
      for (const group of groups) group.kept.close();
    }
    for (const [address, names] of wanted) {
      const last = this.#groups.get(address)?.at(-1);
      if (last === undefined || !isGoodFor(last, names)) this.#openGroup(address, names);
    }
  }

  #openGroup(address: string, names: readonly string[]): void {
    const { lines, settings, host, listener } = this.#parts;
    const kept = new KeptSubscription({
      ...{ channels: names, settings, host },
      openLine: this.#telling(lines.lineTo(address)),
      listener: {
        onMessage: (message) => listener.onMessage(message),
        onGap: (isUp) => (isUp ? this.#noteUp(address, group) : this.#noteLost(group)),
      },
      onMoved: (channel) => {
        group.moved.add(channel);
        this.#noteMissing();
      },
      onRefused: (error) => this.#noteRefused(address, group, error),
    });
    const group: Group = { channels: new Set(names), kept, moved: new Set(), state: "opening" };
    // One that is still being opened and is outdated already is of no use; one that is up is heard until its successor is.
    const groups = this.#groups.get(address) ?? [];
    for (const other of groups) if (other.state === "opening") other.kept.close();
    this.#groups.set(address, [...groups.filter(({ state }) => state !== "opening"), group]);
    kept.open();
  }

  /** A server that has lost a slot since the map was read says so. */
  #telling(openLine: OpenRedisLine): OpenRedisLine {
    return async (...call) => {
      try {
        return await openLine(...call);
      } catch (error) {
        if (error instanceof Error && error.message.startsWith("MOVED")) void this.#look();
        throw error;
      }
    };
  }

  #noteUp(address: string, group: Group): void {
    group.state = "up";
    group.moved.clear();
    this.#supersede(address, group);
    // What was said before it was there was not heard.
    this.#parts.listener.onGap(this.#isHearing());
  }

  #noteLost(group: Group): void {
    group.state = "opening";
    this.#noteMissing();
  }

  #noteRefused(address: string, group: Group, { message: reason }: Error): void {
    group.state = "refused";
    this.#supersede(address, group);
    // A server that does not know the command publishes nothing by it either, and its publishers say so.
    if (!this.#isWarned && reason.startsWith("NOPERM")) {
      this.#isWarned = true;
      const message =
        "The user may not hear sharded channels of the cluster: what processes that publish there tell is found by asking, later. Allow it +ssubscribe and the channels &gcx:*.";
      this.#parts.host.onNotice?.({ kind: "warning", message });
    }
    this.#parts.listener.onGap(this.#isHearing());
  }

  #supersede(address: string, group: Group): void {
    const groups = this.#groups.get(address) ?? [];
    const place = groups.indexOf(group);
    if (place < 0) return;
    this.#groups.set(address, groups.slice(place));
    for (const { kept } of groups.slice(0, place)) {
      this.#retiring.add(kept);
      // What its server had said before the successor heard is on its way still: the two connections are read one after the other.
      kept.retire(() => this.#retiring.delete(kept));
    }
  }

  #noteMissing(): void {
    if (this.#isClosed) return;
    this.#parts.listener.onGap(this.#isHearing());
    void this.#look();
  }
}

/** Whether these channels are all heard over it, or will be. One that is still being opened must want nothing else: a channel whose slot is elsewhere would keep it from ever coming up. */
function isGoodFor({ channels, moved, state }: Group, names: readonly string[]): boolean {
  if (state === "opening" && channels.size !== names.length) return false;
  return names.every((name) => channels.has(name) && !moved.has(name));
}
