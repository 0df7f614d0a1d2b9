import type { OperationContext } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type { NamespacePath } from "../entry/namespace-path.ts";
import { UnsupportedOperationError } from "../foundation/errors.ts";
import type { NodePicker } from "./node-picker.ts";
import { placedNamespace, placeKey } from "./placed-keys.ts";
import type { RingDescription } from "./ring-description.ts";
import type { ShardNode } from "./shard-node.ts";
import type { ViewKeeper } from "./view-keeper.ts";

/** Where a key is kept now. Equal places are the same object as long as nothing changes. */
export interface Place {
  readonly node: ShardNode;
  /** What its keys are stored inside, when the node stands in for another one; `undefined` at home. */
  readonly namespace: NamespacePath | undefined;
}

/** Nodes and the mapping over them; replaced as a whole when nodes change. */
export interface Ring {
  readonly nodes: readonly ShardNode[];
  /** Names of `nodes`, in their order. */
  readonly names: readonly string[];
  /** Indexes into `nodes`. */
  readonly picker: NodePicker;
  readonly description: RingDescription;
  readonly id: string;
}

/** The stored key at a place. */
export function keyAt(place: Place, key: string): string {
  return place.namespace === undefined ? key : placeKey(place.namespace, key);
}

/** Finds the place of each key: its node, or who stands in for it. */
export class Shards {
  /** The name of the sharded store. */
  readonly name: string;
  #ring: Ring;
  #homes: readonly Place[];
  /** Which nodes are away; without it none ever is. */
  #view: ViewKeeper | undefined;
  #standIns = new Map<string, Place>();
  #standInTurn = 0;

  constructor(name: string, ring: Ring) {
    this.name = name;
    this.#ring = ring;
    this.#homes = ring.nodes.map(homeOf);
  }

  get ring(): Ring {
    return this.#ring;
  }

  get view(): ViewKeeper | undefined {
    return this.#view;
  }

  /** Nodes may be away from now on. */
  followView(view: ViewKeeper): void {
    this.#view = view;
  }

  /** Other nodes, or others of their weights. */
  replaceRing(ring: Ring): void {
    this.#ring = ring;
    this.#homes = ring.nodes.map(homeOf);
    this.#standIns.clear();
  }

  /** To be awaited before places are asked for. */
  async ready(context: OperationContext): Promise<void> {
    assertWanted(context);
    const wait = this.#view?.ready(context);
    if (wait !== undefined) await wait;
  }

  /** The node of a key, away or not. */
  homeOf(key: string): Place {
    return this.#homes[this.#ring.picker.pick(key)] as Place;
  }

  /** @throws BackendUnavailableError when the place is changing, or when no node is left */
  placeOf(key: string): Place {
    const home = this.homeOf(key);
    if (this.#view === undefined || this.#view.standingOf(home.node.name) === "home") return home;
    return this.#standInOf(key, home.node, this.#view);
  }

  /**
   * To be called before what concerns all keys: while any node is going or coming, others may still use the place that is not this one's.
   *
   * @throws BackendUnavailableError while the place of any node's keys is changing
   */
  assertSettled(): void {
    for (const { name } of this.#ring.nodes) this.#view?.standingOf(name);
  }

  /** Places of whole nodes: those that are there, and what they hold for those that are not. */
  presentNodes(): readonly ShardNode[] {
    const view = this.#view;
    return view === undefined ? this.#ring.nodes : this.#ring.nodes.filter(({ name }) => !view.isAway(name));
  }

  /** Namespaces that hold keys of nodes that are away, at any node. */
  standInNamespaces(): readonly NamespacePath[] {
    const view = this.#view;
    if (view === undefined) return [];
    return this.#ring.nodes.filter(({ name }) => view.isAway(name)).map(({ name }) => placedNamespace(name, view.turn));
  }

  /** Whether two keys live at one node when none is away. */
  isTogether(keys: readonly string[]): boolean {
    const [first, ...others] = keys;
    if (first === undefined) return true;
    const home = this.homeOf(first);
    return others.every((key) => this.homeOf(key) === home);
  }

  /** The one place of several keys. @throws UnsupportedOperationError when they live at several */
  commonPlace(keys: readonly string[], operation: string): Place {
    const [first, ...others] = keys.map((key) => this.placeOf(key));
    if (first !== undefined && others.every((place) => place === first)) return first;
    const message = `${this.name}: "${operation}" needs keys that live at one node. Give them a common part in braces, as in "{user:1}:name".`;
    throw new UnsupportedOperationError(operation, message);
  }

  #standInOf(key: string, home: ShardNode, view: ViewKeeper): Place {
    const { nodes, picker } = this.#ring;
    const { turn } = view;
    if (turn !== this.#standInTurn) {
      this.#standIns.clear();
      this.#standInTurn = turn;
    }
    const index = picker.pickNext(key, (node) => view.isAway((nodes[node] as ShardNode).name));
    const node = nodes[index];
    if (node === undefined) throw home.unavailable("route", "no node is left");
    const id = `${home.name}\n${node.name}`;
    const place = this.#standIns.get(id) ?? { node, namespace: placedNamespace(home.name, turn) };
    this.#standIns.set(id, place);
    return place;
  }
}

function homeOf(node: ShardNode): Place {
  return { node, namespace: undefined };
}
