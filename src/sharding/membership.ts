import type { OperationContext } from "../backend/backend.ts";
import { assertWanted } from "../backend/caller.ts";
import type { BackendHost } from "../backend/registry.ts";
import { ConfigError, UnsupportedOperationError } from "../foundation/errors.ts";
import { createPicker } from "./create-picker.ts";
import { canMigrate, type MigrateOptions, type MigrateReport, migrateEntries } from "./migrate.ts";
import { type MovePlan, planMove } from "./move-plan.ts";
import { MovedKeys } from "./moved-keys.ts";
import { gatherParts } from "./node-outcomes.ts";
import type { NodePicker, PickerSettings, ShardingAlgorithm } from "./node-picker.ts";
import { describeRing, hasNode, ringId } from "./ring-description.ts";
import { adoptRing, canRemoveStrays, type NumberedRing, type RingNote, readNote, writeNote } from "./ring-notes.ts";
import type { ShardedNode, ShardNode } from "./shard-node.ts";
import type { ShardParts } from "./shard-parts.ts";
import type { Ring } from "./shards.ts";

/** A node that comes or goes. */
export type NodeChange = { readonly add: Pick<ShardedNode, "name" | "weight"> } | { readonly remove: string };

/** How a change of nodes is made. */
export interface ChangeOptions {
  /**
   * Keep the former nodes of moved keys until `migrate` or `endMove`, so that entries can be copied. Until then every change of a moved key asks its
   * former node too, which must answer. Give every process the same. Default: false; moved keys start cold.
   */
  readonly migrates?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What membership needs. */
export interface MembershipParts {
  readonly parts: ShardParts;
  readonly algorithm: ShardingAlgorithm;
  readonly settings: PickerSettings;
  readonly host: Pick<BackendHost, "clock" | "scheduler" | "onNotice">;
  readonly createNode: (node: ShardedNode) => ShardNode;
}

/** Makes a mapping over nodes. @throws ConfigError `GCX_CONFIG_INVALID` */
export function createRing(nodes: readonly ShardNode[], algorithm: ShardingAlgorithm, settings: PickerSettings): Ring {
  const picker = pickerOver(nodes, algorithm, settings);
  const description = describeRing(picker, settings);
  return { nodes, names: nodes.map(({ name }) => name), picker, description, id: ringId(description) };
}

function pickerOver(
  nodes: readonly Pick<ShardedNode, "name" | "weight">[],
  algorithm: ShardingAlgorithm,
  settings: PickerSettings,
): NodePicker {
  return createPicker(
    algorithm,
    nodes.map(({ name, weight = 1 }) => ({ name, weight })),
    settings,
  );
}

/** The nodes of a sharded store over time: who serves which mapping, and what happens to entries when it changes. */
export class Membership {
  readonly #parts: MembershipParts;
  /** The last mapping that any node remembers from before this process came. */
  #latest: RingNote | undefined;
  /** Of the mapping in use; grows with every change. */
  #number = 1;
  #isChanging = false;
  /** Nodes that had strays before the last change. */
  #hadStrays: ReadonlySet<ShardNode> = new Set();

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** Connects all nodes. Those that do not answer are tried again when they are needed. @throws when none answers */
  async connect(context: OperationContext): Promise<void> {
    const { shards } = this.#parts.parts;
    const { nodes } = shards.ring;
    // Every node's memory is looked at before the first of them is changed.
    const opening = await Promise.allSettled(
      nodes.map(async (node) => {
        await node.open(context);
        this.#remember(await readNote(node));
      }),
    );
    const failures = opening.filter((outcome) => outcome.status === "rejected");
    if (failures.length === nodes.length) throw failures[0]?.reason;
    await Promise.allSettled(
      nodes.map((node, index) => opening[index]?.status === "fulfilled" && node.connect(context)),
    );
    await shards.view?.refresh();
  }

  /** Makes a node that was just opened fit for the mapping in use. */
  async prepareNode(node: ShardNode): Promise<void> {
    const { shards } = this.#parts.parts;
    // A node that is about to join is emptied by who adds it.
    if (!shards.ring.nodes.includes(node)) return;
    const note = await readNote(node);
    this.#remember(note);
    const next: NumberedRing = { number: this.#number, ring: shards.ring.description };
    if (note?.number === next.number && ringId(note.ring) === shards.ring.id) return;
    const served = this.#servedBy(note);
    if (served !== undefined && !canRemoveStrays(node.backend)) {
      const message = `${node.name} served other keys before and can neither list nor clear them: old entries may be found until their TTL ends.`;
      this.#parts.host.onNotice?.({ kind: "warning", node: node.name, message });
    }
    await adoptRing(node, served, next);
    await shards.view?.restore(node);
  }

  /** After a node was emptied it holds no strays, and remembers nothing. */
  async noteEmptied(node: ShardNode): Promise<void> {
    const { shards } = this.#parts.parts;
    await writeNote(node, { number: this.#number, ring: shards.ring.description, mayHoldStrays: false });
    await shards.view?.restore(node);
  }

  /** See `ShardedBackend.addNode`. */
  async add(added: ShardedNode, options: ChangeOptions): Promise<void> {
    const { ring } = this.#parts.parts.shards;
    const node = this.#parts.createNode(added);
    await this.#change([...ring.nodes, node], options);
  }

  /** See `ShardedBackend.removeNode`. */
  async remove(name: string, options: ChangeOptions): Promise<void> {
    const { ring } = this.#parts.parts.shards;
    assertKnown(ring, name);
    const rest = ring.nodes.filter((node) => node.name !== name);
    const removed = ring.nodes.find((node) => node.name === name) as ShardNode;
    await this.#change(rest, options);
    if (this.#parts.parts.moved === undefined) await removed.backend.close();
  }

  /** See `ShardedBackend.planMove`. */
  plan(change: NodeChange, sampleKeys: Iterable<string> | undefined): MovePlan {
    const { algorithm, settings, parts } = this.#parts;
    const { ring } = parts.shards;
    if ("remove" in change) assertKnown(ring, change.remove);
    const next =
      "add" in change ? [...ring.nodes, change.add] : ring.nodes.filter(({ name }) => name !== change.remove);
    return planMove(ring.picker, pickerOver(next, algorithm, settings), sampleKeys);
  }

  /** See `ShardedBackend.migrate`. */
  async migrate(options: MigrateOptions): Promise<MigrateReport> {
    const { parts, host } = this.#parts;
    if (parts.moved === undefined) {
      throw new UnsupportedOperationError(
        "migrate",
        `${parts.shards.name}: nothing is moving. Change the nodes with { migrates: true } in every process first.`,
      );
    }
    const { previous } = parts.moved;
    const report = await migrateEntries(parts, parts.moved, host, options);
    if (report.failedCount > 0) return report;
    const { nodes } = parts.shards.ring;
    // Their strays were what moved, and older ones if there were any before.
    const sources = previous.nodes.filter((node) => nodes.includes(node) && !this.#hadStrays.has(node));
    await Promise.all(sources.map((node) => this.#noteWithoutStrays(node)));
    await this.endMove();
    return report;
  }

  /** See `ShardedBackend.endMove`. */
  async endMove(): Promise<void> {
    const { parts } = this.#parts;
    const { moved } = parts;
    if (moved === undefined) return;
    parts.moved = undefined;
    const { nodes } = parts.shards.ring;
    await moved.idle();
    const left = moved.previous.nodes.filter((node) => !nodes.includes(node));
    await Promise.all(left.map((node) => node.backend.close()));
  }

  /** Nodes to close, those that only hold entries that are moving included. */
  allNodes(): readonly ShardNode[] {
    const { shards, moved } = this.#parts.parts;
    return [...new Set([...shards.ring.nodes, ...(moved?.previous.nodes ?? [])])];
  }

  async #change(nodes: readonly ShardNode[], options: ChangeOptions): Promise<void> {
    const { parts, algorithm, settings } = this.#parts;
    if (this.#isChanging || parts.moved !== undefined) {
      const message = `${parts.shards.name}: the nodes are changing already. Wait for that, and for migrate() or endMove().`;
      throw new UnsupportedOperationError("changeNodes", message);
    }
    const next = createRing(nodes, algorithm, settings);
    const isMigrating = options.migrates === true;
    assertChangeable(parts.shards.ring, next, isMigrating);
    this.#isChanging = true;
    try {
      await this.#adopt(next, { signal: options.signal });
      const previous = parts.shards.ring;
      parts.shards.replaceRing(next);
      if (isMigrating) parts.moved = new MovedKeys(parts.shards, previous);
      await parts.shards.view?.announceRing();
    } finally {
      this.#isChanging = false;
    }
  }

  /** Makes every node fit for a mapping that is not in use yet. When one fails nothing has changed but notes and strays. */
  async #adopt(next: Ring, context: OperationContext): Promise<void> {
    const { shards } = this.#parts.parts;
    const gather = <T>(call: (node: ShardNode) => Promise<T>): Promise<T[]> =>
      gatherParts(
        shards.name,
        "changeNodes",
        next.nodes.map((node) => ({ node, count: 1, call: () => call(node) })),
      );
    const notes = await gather(async (node) => {
      await node.connect(context);
      assertWanted(context);
      return readNote(node);
    });
    const number = this.#numberFor(next, notes);
    this.#hadStrays = new Set(next.nodes.filter((_, index) => notes[index]?.mayHoldStrays === true));
    const noteOf = new Map(next.nodes.map((node, index) => [node, notes[index]]));
    await gather(async (node) => {
      const note = noteOf.get(node);
      // Another process made the same change.
      if (note?.number === number) return;
      // What a node held when it was last part of this is older than everything now.
      const isJoining = !shards.ring.nodes.includes(node);
      const unknown = { number: this.#number, ring: shards.ring.description, mayHoldStrays: true };
      await adoptRing(node, isJoining ? "outdated" : (note ?? unknown), { number, ring: next.description });
      if (isJoining) await shards.view?.restore(node);
    });
    this.#number = number;
  }

  /** The number of a mapping that is about to be used: the one it has if another process uses it already. */
  #numberFor(next: Ring, notes: readonly (RingNote | undefined)[]): number {
    const latest = Math.max(this.#number, ...notes.map((note) => note?.number ?? 0));
    const isInUse = notes.some((note) => note?.number === latest && ringId(note.ring) === next.id);
    return isInUse && latest > this.#number ? latest : latest + 1;
  }

  /** The largest number that was met decides which mapping was the last, and what number the one of this process has. */
  #remember(note: RingNote | undefined): void {
    if (note === undefined || note.number <= (this.#latest?.number ?? 0)) return;
    this.#latest = note;
    const isInUse = ringId(note.ring) === this.#parts.parts.shards.ring.id;
    this.#number = Math.max(this.#number, isInUse ? note.number : note.number + 1);
  }

  /** What a node served last, by its own memory and the others'. */
  #servedBy(note: RingNote | undefined): RingNote | "outdated" | undefined {
    if (this.#latest === undefined) return undefined;
    // It forgot: evicted, or restarted empty. Whether it lost keys meanwhile nobody knows.
    if (note === undefined) return { ...this.#latest, mayHoldStrays: true };
    return note.number < this.#latest.number ? "outdated" : note;
  }

  async #noteWithoutStrays(node: ShardNode): Promise<void> {
    const { description } = this.#parts.parts.shards.ring;
    await writeNote(node, { number: this.#number, ring: description, mayHoldStrays: false });
  }
}

function assertKnown(ring: Ring, name: string): void {
  if (hasNode(ring.description, name)) return;
  throw new ConfigError("GCX_CONFIG_INVALID", "sharding.nodes", `There is no node "${name}".`);
}

function assertChangeable(ring: Ring, next: Ring, isMigrating: boolean): void {
  for (const { name, backend } of new Set([...ring.nodes, ...next.nodes])) {
    if (!canRemoveStrays(backend)) {
      throw new UnsupportedOperationError(
        "changeNodes",
        `${name} can neither clear nor list its entries, so what it held before could be found again. Restart all processes with empty nodes instead.`,
      );
    }
    if (isMigrating && !canMigrate(backend)) {
      throw new UnsupportedOperationError(
        "migrate",
        `${name} lists no keys or keeps no tags, so entries cannot be moved safely. Change the nodes without { migrates: true }: moved keys start cold.`,
      );
    }
  }
}
