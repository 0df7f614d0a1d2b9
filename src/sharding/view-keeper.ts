import type { Backend, OperationContext } from "../backend/backend.ts";
import type { BackendHost } from "../backend/registry.ts";
import { waitWithin } from "../foundation/deadline.ts";
import { BackendUnavailableError } from "../foundation/errors.ts";
import { type ClusterView, countOf, EMPTY_VIEW, includesView, mergeViews, readView } from "./cluster-view.ts";
import { readRecord, writeRecord } from "./node-records.ts";
import { placedNamespace } from "./placed-keys.ts";
import type { ShardNode } from "./shard-node.ts";

/** What a keeper is made of. */
export interface ViewKeeperParts {
  readonly name: string;
  readonly host: Pick<BackendHost, "clock" | "scheduler">;
  /** How long a view may be used, in ms. */
  readonly viewMs: number;
  /** How long a node stays away at least, in ms. */
  readonly returnAfterMs: number;
  readonly nodes: () => readonly ShardNode[];
  readonly ringId: () => string;
}

const VIEW = "view";
const MAX_RAISES = 8;
/** Refreshed in the background from this part of its life on. */
const REFRESH_RATIO = 0.5;

/**
 * Keeps this process's view of which nodes are away in step with the others', so that at no time one process uses a node while another uses its
 * stand-in. A view is a record at every node (see {@link ClusterView}), written to W and read from R of n nodes, W + R > n.
 *
 * - A view may be used for `viewMs` from when it was asked for. A process that cannot renew it fails its calls.
 * - A change is used `viewMs` after W nodes are known to have it: by then every view without it is over. Until then keys that it concerns fail.
 * - A node that was away is emptied before the view says that it is back; while it is away nobody writes to it.
 *
 * With two nodes one of them would have to outvote the other, so R and W are 1: two processes that each see only one node then disagree.
 * Starts no timer; views are renewed by calls that need them.
 */
export class ViewKeeper {
  readonly #parts: ViewKeeperParts;
  #view: ClusterView = EMPTY_VIEW;
  /** When the view was last asked for with success; monotonic. */
  #askedAt = Number.NEGATIVE_INFINITY;
  /** From when a change of this node's turn may be used; `Infinity` until W nodes have it. */
  readonly #usableFrom = new Map<string, number>();
  readonly #awaySince = new Map<string, number>();
  readonly #suspects = new Set<string>();
  #ringUsableFrom = 0;
  #isStarted = false;
  #refreshing: Promise<void> | undefined;
  readonly #returning = new Set<string>();

  constructor(parts: ViewKeeperParts) {
    this.#parts = parts;
  }

  /** `undefined` when the view may be used; else resolves when it may. @throws BackendUnavailableError when it cannot be renewed in time */
  ready(context: OperationContext): Promise<void> | undefined {
    const ageMs = this.#nowMs() - this.#askedAt;
    const { viewMs } = this.#parts;
    if (ageMs < viewMs * REFRESH_RATIO && this.#suspects.size === 0) return undefined;
    const refreshing = this.refresh();
    if (ageMs < viewMs) {
      refreshing.catch(() => undefined);
      return undefined;
    }
    return waitWithin(refreshing, {
      signal: context.signal,
      timeoutMs: viewMs,
      onTimeout: () => this.#unavailable("the nodes did not say in time which of them are away"),
      scheduler: this.#parts.host.scheduler,
    });
  }

  /** Whether a node is away, for all that is known. */
  isAway(name: string): boolean {
    return this.#turnOf(name) % 2 === 1;
  }

  /**
   * Where the keys of a node are now.
   *
   * @throws BackendUnavailableError while that is being changed
   */
  standingOf(name: string): "home" | "away" {
    const nowMs = this.#nowMs();
    if (this.#view.ring[1] !== this.#parts.ringId()) {
      throw this.#unavailable("another process uses other nodes; give this one the same, or restart it");
    }
    // Any change moves who stands in for whom, so stand-ins wait for the latest.
    const isAway = this.isAway(name);
    const fromMs = isAway ? this.#latestChange() : (this.#usableFrom.get(name) ?? 0);
    if (nowMs < Math.max(fromMs, this.#ringUsableFrom)) {
      throw this.#unavailable(`the keys of ${name} are changing their place; try again in ${this.#parts.viewMs} ms`);
    }
    return isAway ? "away" : "home";
  }

  /** Grows with every node that goes or comes: what stand-ins hold belongs to one turn and is never found in another. */
  get turn(): number {
    return Object.values(this.#view.turns).reduce((sum, turn) => sum + turn, 0);
  }

  /** A node did not answer several times. It is declared away at the next renewal, if it does not answer that either. */
  suspect(name: string): void {
    if (!this.isAway(name)) this.#suspects.add(name);
  }

  /** Makes the mapping of this process the one in use; call it after the mapping was changed. */
  async announceRing(): Promise<void> {
    this.#learn({ ...EMPTY_VIEW, ring: [this.#view.ring[0] + 1, this.#parts.ringId()] });
    this.#ringUsableFrom = Number.POSITIVE_INFINITY;
    await this.refresh();
  }

  /** Writes the view back to a node that was emptied. */
  async restore(node: ShardNode): Promise<void> {
    if (this.#view !== EMPTY_VIEW) await node.ask((backend) => this.#raise(backend));
  }

  /** Asks the nodes for their views, and tells them what they do not know. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const askedAt = this.#nowMs();
    const round = this.#askNodes();
    await round.renewed.catch((error: unknown) => {
      this.#suspects.clear();
      throw error;
    });
    this.#start();
    this.#askedAt = Math.max(this.#askedAt, askedAt);
    // What follows from the answers waits for the last one, which may take a node's whole deadline; nobody waits for that.
    const deciding = round.settled.then((answered) => this.#decide(answered)).catch(() => undefined);
    if (this.#hasNews()) await deciding;
  }

  /** Whether calls fail until the nodes were told something. */
  #hasNews(): boolean {
    return this.#ringUsableFrom === Number.POSITIVE_INFINITY || this.#latestChange() === Number.POSITIVE_INFINITY;
  }

  async #decide(answered: ReadonlySet<ShardNode>): Promise<void> {
    this.#declareAway(answered);
    await this.#tell(answered);
    for (const node of answered) this.#considerReturn(node);
  }

  /** Asks all: `renewed` when as many answered as see every change, `settled` with those who did when nothing is on its way any more. */
  #askNodes(): { readonly renewed: Promise<void>; readonly settled: Promise<ReadonlySet<ShardNode>> } {
    const nodes = this.#parts.nodes();
    const { readCount } = quorums(nodes.length);
    const answered = new Set<ShardNode>();
    const asked = nodes.map(async (node) => {
      try {
        const record = await node.call("view", {}, (backend) => readRecord(backend, VIEW));
        this.#learn(readView(record?.content));
        answered.add(node);
      } catch {
        // Its breaker has counted that; who answered decides what follows.
      }
    });
    const settled = Promise.all(asked).then(() => answered);
    const renewed = new Promise<void>((resolve, reject) => {
      // Of two nodes both are asked as long as both answer.
      const enough = (): boolean => answered.size >= (nodes.length === 2 ? 2 : readCount);
      for (const one of asked) void one.then(() => enough() && resolve());
      void settled.then(() => {
        if (answered.size >= readCount) resolve();
        else reject(this.#unavailable(`${answered.size} of ${nodes.length} nodes said which of them are away`));
      });
    });
    return { renewed, settled };
  }

  #learn(other: ClusterView): void {
    const before = this.#view;
    this.#view = mergeViews(before, other);
    if (this.#view === before) return;
    for (const [name, turn] of Object.entries(this.#view.turns)) {
      if (turn === countOf(before.turns, name)) continue;
      const isSettled = countOf(this.#view.settled, name) >= turn;
      this.#usableFrom.set(name, isSettled ? 0 : Number.POSITIVE_INFINITY);
      if (turn % 2 === 1) this.#awaySince.set(name, this.#nowMs());
      else this.#awaySince.delete(name);
      this.#suspects.delete(name);
    }
  }

  /** The first view of this process: its own mapping becomes the one in use. */
  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const [number, id] = this.#view.ring;
    if (id === this.#parts.ringId()) return;
    this.#learn({ ...EMPTY_VIEW, ring: [number + 1, this.#parts.ringId()] });
    // Nobody used another one if there was none.
    if (number > 0) this.#ringUsableFrom = Number.POSITIVE_INFINITY;
  }

  #declareAway(answered: ReadonlySet<ShardNode>): void {
    const nodes = this.#parts.nodes();
    const { writeCount } = quorums(nodes.length);
    // Without W nodes that answer it is rather this process that is away. Suspicions from that time are worth nothing later either: each must
    // be raised anew, by a probe that fails while others answer.
    if (answered.size < writeCount) this.#suspects.clear();
    for (const node of nodes) {
      if (!this.#suspects.has(node.name)) continue;
      if (answered.has(node) || node.breaker.state === "closed") this.#suspects.delete(node.name);
      const awayCount = nodes.filter(({ name }) => this.isAway(name)).length;
      if (!this.#suspects.has(node.name) || nodes.length - awayCount - 1 < writeCount) continue;
      this.#learn({ ...EMPTY_VIEW, turns: { [node.name]: this.#turnOf(node.name) + 1 } });
    }
  }

  /** Brings all who answered to this view; when W have it, the clock of its changes starts. */
  async #tell(answered: ReadonlySet<ShardNode>): Promise<void> {
    this.#settle();
    const view = this.#view;
    const told = await Promise.allSettled(
      [...answered].map((node) => node.call("view", {}, (backend) => this.#raise(backend))),
    );
    const toldCount = told.filter(({ status }) => status === "fulfilled").length;
    if (toldCount < quorums(this.#parts.nodes().length).writeCount) return;
    const usableFrom = this.#nowMs() + this.#parts.viewMs;
    for (const [name, fromMs] of this.#usableFrom) {
      const isTold = countOf(view.turns, name) === this.#turnOf(name);
      if (isTold && fromMs === Number.POSITIVE_INFINITY) this.#usableFrom.set(name, usableFrom);
    }
    if (this.#ringUsableFrom === Number.POSITIVE_INFINITY) this.#ringUsableFrom = usableFrom;
  }

  /** Notes turns whose time has come, so that processes that start later need not wait again. */
  #settle(): void {
    for (const [name, fromMs] of this.#usableFrom) {
      const turn = this.#turnOf(name);
      if (this.#nowMs() < fromMs || countOf(this.#view.settled, name) >= turn) continue;
      this.#learn({ ...EMPTY_VIEW, settled: { [name]: turn } });
      if (turn % 2 === 0) this.#forgetStandIns(name);
    }
  }

  /** What stood in can never be found again; this makes room. Nothing depends on it. */
  #forgetStandIns(name: string): void {
    const namespace = placedNamespace(name, this.turn - 1);
    for (const node of this.#parts.nodes()) {
      node.call("clear", {}, (backend) => backend.clear?.(namespace, {})).catch(() => undefined);
    }
  }

  /** Writes the view to a store, merged with what it has. */
  async #raise(backend: Backend): Promise<void> {
    for (let attempt = 0; attempt < MAX_RAISES; attempt += 1) {
      const record = await readRecord(backend, VIEW);
      const found = readView(record?.content);
      if (includesView(found, this.#view)) return;
      this.#learn(found);
      if (await writeRecord(backend, VIEW, mergeViews(found, this.#view), record?.version ?? 0)) return;
    }
    throw this.#unavailable("others kept writing the view");
  }

  /** A node that answers and was away long enough is emptied, and then everybody is told that it is back. */
  #considerReturn(node: ShardNode): void {
    const { name } = node;
    const turn = this.#turnOf(name);
    const awaySince = this.#awaySince.get(name) ?? Number.POSITIVE_INFINITY;
    const isDue = this.#nowMs() - awaySince >= this.#parts.returnAfterMs;
    const isInUse = this.#nowMs() >= (this.#usableFrom.get(name) ?? 0);
    if (!this.isAway(name) || !isDue || !isInUse || this.#returning.has(name)) return;
    this.#returning.add(name);
    this.#bringBack(node, turn)
      .catch(() => undefined)
      .finally(() => this.#returning.delete(name));
  }

  async #bringBack(node: ShardNode, turn: number): Promise<void> {
    await node.call("clear", {}, (backend) => backend.clear?.("", {}));
    await node.emptied();
    // Another process may have brought it back meanwhile, and it may be away again.
    if (this.#turnOf(node.name) !== turn) return;
    this.#learn({ ...EMPTY_VIEW, turns: { [node.name]: turn + 1 } });
    await this.refresh();
  }

  #latestChange(): number {
    return Math.max(0, ...this.#parts.nodes().map(({ name }) => this.#usableFrom.get(name) ?? 0));
  }

  #turnOf(name: string): number {
    return countOf(this.#view.turns, name);
  }

  #nowMs(): number {
    return this.#parts.host.clock.monotonicMs();
  }

  #unavailable(reason: string): BackendUnavailableError {
    return new BackendUnavailableError(this.#parts.name, "view", `${this.#parts.name}: ${reason}.`);
  }
}

/** How many nodes must have a change, and how many must be asked to see it. */
function quorums(nodeCount: number): { readonly writeCount: number; readonly readCount: number } {
  if (nodeCount <= 2) return { writeCount: 1, readCount: 1 };
  const writeCount = Math.floor(nodeCount / 2) + 1;
  return { writeCount, readCount: nodeCount - writeCount + 1 };
}
