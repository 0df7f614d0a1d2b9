import type { ChangeListener } from "../backend/change-feed.ts";
import type { MailListener, NodeMail } from "../backend/node-mail.ts";
import type { CoherenceTransport, PeerStatus, TransportListener } from "../coherence/transport.ts";
import type { Clock } from "../foundation/clock.ts";
import type { ScheduledTask, Scheduler } from "../foundation/scheduler.ts";
import { decodeLetter, encodeLetter, type Letter, type LetterContent, type PresenceNote } from "./letter.ts";
import { PeerTable } from "./peer-table.ts";

/** What carries messages: a shared store, of which see `SharedTier`, or anything else that has mail. */
export interface MessageStore {
  watchChanges?(listener: ChangeListener): () => void;
  openMail?(nodeId: string, listener: MailListener): NodeMail;
}

/** What a transport over mail is made of. */
export interface MailTransportParts {
  /** Its own, for messages and metrics. */
  readonly name: string;
  /** Name of the store, for peers' addresses. */
  readonly storeName: string;
  readonly store: MessageStore;
  /** This node's id: that of its lease in the store's table, so that who reads the table can ask it. */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** How often a node says that it is there: often enough to see who is gone within half a minute, seldom enough for a hundred nodes. */
const BEAT_MS = 10_000;
/** After so many beats without a letter a node counts as gone. */
const SILENT_BEATS = 3;
/** Letters on their way to the store; what comes on top is lost. A store that does not answer must not fill the memory. */
const MAX_WAITING_LETTERS = 1_024;

/**
 * Messages over letters between nodes, and over the changes that a shared store publishes by itself, where it does; then letters are for acks alone.
 *
 * Both come up in the background and come back by themselves; `open` waits for neither. Where the store's client cannot subscribe (a pool of node-redis, for one), changes are not heard
 * and {@link MailTransport.carriesLetters} is false: there are no peers and no acks, and who waits for some waits for the bound of staleness.
 *
 * ```text
 * heard (again) ──hello to all──▶ each answers "here";  a beat each 10 s: "here" to all;  three beats of silence, or "bye": gone
 * ```
 */
export class MailTransport implements CoherenceTransport {
  readonly name: string;
  readonly isFedByStore: boolean;
  /** Whether nodes can tell each other anything. */
  readonly carriesLetters: boolean;
  readonly #parts: MailTransportParts;
  readonly #peers = new PeerTable();
  #listener: TransportListener | undefined;
  #stopChanges: (() => void) | undefined;
  #mail: NodeMail | undefined;
  #isHearing = false;
  #beat: ScheduledTask | undefined;
  #waitingCount = 0;

  constructor(parts: MailTransportParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.isFedByStore = parts.store.watchChanges !== undefined;
    this.carriesLetters = parts.store.openMail !== undefined;
  }

  open(listener: TransportListener): void {
    const { store, nodeId } = this.#parts;
    this.#listener = listener;
    this.#stopChanges = store.watchChanges?.({
      onChange: (change) => listener.onMessage(change, undefined),
      onGap: () => listener.onGap(),
    });
    this.#mail = store.openMail?.(nodeId, {
      onLetter: (bytes) => this.#take(decodeLetter(bytes)),
      onGap: (isHearing) => this.#noteGap(isHearing),
    });
  }

  broadcast(content: LetterContent): void {
    this.#post(content, undefined);
  }

  send(nodeId: string, content: LetterContent): void {
    this.#post(content, nodeId);
  }

  peers(): readonly PeerStatus[] {
    return this.#peers.list(this.#isHearing, this.#parts.storeName);
  }

  /** Says goodbye, as far as the store takes it at once, and ends all that was opened. */
  close(): void {
    if (this.#isHearing) this.#post({ kind: "bye" }, undefined);
    this.#beat?.cancel();
    this.#stopChanges?.();
    this.#mail?.close();
    this.#isHearing = false;
    this.#mail = undefined;
    this.#stopChanges = undefined;
    this.#listener = undefined;
  }

  /** A lost letter of another node may have told of a change where the store does not; so it is a gap like any other. */
  #noteGap(isHearing: boolean): void {
    this.#isHearing = isHearing;
    this.#beat?.cancel();
    this.#listener?.onGap();
    if (isHearing) this.#say({ kind: "hello" });
  }

  /** Now, and at each beat. */
  #say(note: PresenceNote): void {
    const { clock, scheduler } = this.#parts;
    this.#post(note, undefined);
    for (const [id, heardAtMs] of this.#peers.forgetSilent(clock.monotonicMs() - SILENT_BEATS * BEAT_MS)) {
      this.#tell(id, heardAtMs, "lost");
    }
    this.#beat = scheduler.after(BEAT_MS, () => this.#say({ kind: "here" }));
  }

  #take(letter: Letter | undefined): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    if (letter === undefined) {
      listener.onMessage({ kind: "unknown" }, undefined);
      return;
    }
    const { from, content } = letter;
    // What is said to all comes back to who said it.
    if (from === this.#parts.nodeId) return;
    if (content.kind === "bye") {
      const heardAtMs = this.#peers.forget(from);
      if (heardAtMs !== undefined) this.#tell(from, heardAtMs, "lost");
      return;
    }
    this.#meet(from);
    if (content.kind === "hello") this.#post({ kind: "here" }, from);
    else if (content.kind !== "here") listener.onMessage(content, from);
  }

  #meet(id: string): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#peers.hear(id, nowMs)) this.#tell(id, nowMs, "connected");
  }

  #tell(id: string, heardAtMs: number, state: PeerStatus["state"]): void {
    this.#listener?.onPeer?.(this.#peers.statusOf(id, heardAtMs, state, this.#parts.storeName));
  }

  #post(content: LetterContent, to: string | undefined): void {
    if (this.#mail === undefined || this.#waitingCount >= MAX_WAITING_LETTERS) return;
    const letter = encodeLetter({ from: this.#parts.nodeId, content });
    this.#count(to, 1);
    const done = (): void => this.#count(to, -1);
    // What is lost shows by itself: by the heads of the store, or as an ack that does not come.
    this.#mail.send(letter, to).then(done, done);
  }

  #count(to: string | undefined, change: 1 | -1): void {
    this.#waitingCount += change;
    if (to !== undefined) this.#peers.queue(to, change);
  }
}
