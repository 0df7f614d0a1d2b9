import { MIDDLE_SAFEGUARDS } from "./safeguards-middle.ts";

/** A safeguard of coherence as it stands in the sources, and what stands there without it. */
export interface Safeguard {
  /** What is taken out, in a few words; also the argument that runs this one alone. */
  readonly name: string;
  /** The source file, from the root of the repository. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly search: string;
  /** What stands there instead. */
  readonly replacement: string;
  /** What else is taken out with it: each alone is enough. */
  readonly also?: readonly Edit[] | undefined;
}

/** A text in the place of another. */
export type Edit = Pick<Safeguard, "file" | "search" | "replacement">;

const NODE = "src/coherence/coherence-node.ts";
const TABLE = "src/coherence/freshness-table.ts";
const CHAIN = "src/coherence/shard-chain.ts";
const WORK = "src/coherence/running-work.ts";
const PROBES = "src/coherence/probe-cycle.ts";
const ACKS = "src/coherence/ack-waits.ts";
const COPIES = "src/tiers/near-copies.ts";
const CHANGER = "src/tiers/near-changer.ts";
const READER = "src/tiers/near-reader.ts";
const NEAR = "src/tiers/near-backend.ts";
const DESK = "src/tiers/owners/owner-desk.ts";
const RIGHTS = "src/tiers/owners/owner-rights.ts";
const BEGUN = "src/tiers/owners/begun-without.ts";

/** Each copy says of which life it is. */
const ANY_LIFE: Edit = {
  file: TABLE,
  search: "if (copy.generation !== this.#generations[shard]) return false;",
  replacement: "",
};

/** All that keeps a copy from being older than promised. Each is missed by some seed when it is taken out. */
export const SAFEGUARDS: readonly Safeguard[] = [
  // Answers on their way.
  {
    name: "an answer older than a change heard of meanwhile is not kept",
    file: WORK,
    search: "ticket.isVoid || head < ticket.minHead ||",
    replacement: "ticket.isVoid ||",
  },
  {
    name: "a change of unknown outcome voids what is on its way",
    file: WORK,
    search: "ticket.isVoid || head < ticket.minHead ||",
    replacement: "head < ticket.minHead ||",
  },
  {
    name: "tags that were invalidated meanwhile are looked for",
    file: WORK,
    search: "tags.some((tag) => change.tags.has(tag))",
    replacement: "false",
  },
  {
    name: "clears meanwhile are looked for",
    file: WORK,
    search: "change.covers(ticket.key)",
    replacement: "false",
  },
  {
    name: "the newest change counts",
    file: WORK,
    search: "if (version > ticket.minHead) ticket.minHead = version;",
    replacement: "ticket.minHead = version;",
  },
  {
    name: "the ticket exists before the question is sent",
    file: READER,
    search:
      "const tickets = keys.map((key) => node.begin(key));\n    try {\n      const tier = far.sharedTier;\n      if (tier !== undefined) return await this.#readTier(tier, tickets, whole);",
    replacement:
      "const tickets: WorkTicket[] = [];\n    try {\n      const tier = far.sharedTier;\n      if (tier !== undefined) {\n        const reads = await tier.read(keys, whole);\n        tickets.push(...keys.map((key) => node.begin(key)));\n        for (const [index, { entry, stamp }] of reads.entries()) this.keep(tickets[index] as WorkTicket, entry, stamp);\n        return reads.map(({ entry }) => entry);\n      }",
  },
  {
    name: "an answer outdates other answers on their way",
    file: NODE,
    search: "if (version > 0) this.#work.noteChange(key, version);\n    else if (stamp",
    replacement: "if (version > 0) void 0;\n    else if (stamp",
  },
  {
    name: "an absence outdates other answers on their way",
    file: NODE,
    search: "else if (stamp !== undefined) this.#work.noteChange(key, stamp.head + 1);",
    replacement: "else if (stamp !== undefined) void 0;",
  },
  {
    name: "an absence outdates what has the same head",
    file: NODE,
    search: "else if (stamp !== undefined) this.#work.noteChange(key, stamp.head + 1);",
    replacement: "else if (stamp !== undefined) this.#work.noteChange(key, stamp.head);",
  },
  {
    name: "an answer that is not kept outdates the copy",
    file: NODE,
    search: "if (version > 0) this.#parts.sink.dropOlder(key, version);",
    replacement: "",
  },
  // Freshness.
  {
    name: "freshness lapses",
    file: TABLE,
    search: "if ((this.#freshAtMs[shard] as number) < sinceMs || copy.age !== this.#ages[shard]) return false;",
    replacement: "if (copy.age !== this.#ages[shard]) return false;",
  },
  {
    name: "the bound of what is proven in short",
    file: TABLE,
    search: "if (copy.age === this.#ages[shard] && nowMs <= (this.#provenUntilMs[shard] as number)) {",
    replacement: "if (copy.age === this.#ages[shard]) {",
  },
  {
    name: "copies below the floor are not proven",
    file: TABLE,
    search: "if (copy.head >= (this.#floors[shard] as number)) copy.age",
    replacement: "copy.age",
  },
  {
    name: "copies with tags below the floor of tags are not proven",
    file: TABLE,
    search: "if (copy.tagHead >= (this.#floors[tags] as number)) copy.tagAge",
    replacement: "copy.tagAge",
  },
  {
    name: "a rising floor makes copies look again",
    file: TABLE,
    search: "this.#floors[shard] = head;\n    this.#ages[shard] = (this.#ages[shard] as number) + 1;",
    replacement: "this.#floors[shard] = head;",
  },
  {
    name: "the floor rises over changes that nobody told of",
    file: TABLE,
    search: "this.#raiseFloor(shard, head);\n    this.#chain(shard)",
    replacement: "this.#chain(shard)",
  },
  {
    name: "the floor begins at the first head",
    file: TABLE,
    search: "if (this.#applied[shard] === 0) this.#restart(shard, head);",
    replacement: "if (this.#applied[shard] === 0) this.#applied[shard] = head;",
  },
  {
    name: "a head above what was applied proves nothing",
    file: TABLE,
    search: "if (head <= (this.#applied[shard] as number)) {\n      this.#prove",
    replacement: "if (head > 0) {\n      this.#prove",
  },
  {
    name: "a change connects only with what was applied",
    file: TABLE,
    search: "if (applied !== 0 && previousHead <= applied) {",
    replacement: "if (applied !== 0) {\n      if (this.#advance(shard, version)) return true;",
  },
  {
    name: "a change whose head before is older than what was applied ends the life",
    file: TABLE,
    search: "if (previousHead === applied && this.#advance(shard, version)) return true;",
    replacement: "if (this.#advance(shard, version)) return true;",
  },
  {
    name: "a change that passes over the head of a copy ends the life",
    file: CHAIN,
    search: "if (head < version) return false;",
    replacement: "",
  },
  {
    name: "a head that is not known to be on the chain proves nothing",
    file: CHAIN,
    search: "if (applied !== 0 && head < applied) return OFF_CHAIN;",
    replacement: "",
  },
  {
    ...ANY_LIFE,
    name: "copies of another life are ended, and not served",
    also: [
      {
        file: NODE,
        search: "if (probe.renewed.length > 0 || probe.isTagClockLost) this.#parts.sink.dropAll();",
        replacement: "",
      },
      {
        file: NODE,
        search: "if (!this.table.applyChange(shard, previousHead, version, names)) this.#parts.sink.dropAll();",
        replacement: "this.table.applyChange(shard, previousHead, version, names);",
      },
    ],
  },
  {
    name: "a head lower than one seen is another life",
    file: TABLE,
    search: "return (known !== undefined && known !== epoch) || head < seenAtSend;",
    replacement: "return known !== undefined && known !== epoch && seenAtSend >= 0;",
  },
  {
    name: "the proof of a probe counts from its send",
    file: PROBES,
    search: "const { owed, renewed } = table.applyHeads(answer.stamps, seenAtSend, sentAtMs);",
    replacement: "const { owed, renewed } = table.applyHeads(answer.stamps, seenAtSend, clock.monotonicMs());",
    // The place in the table of nodes comes with it, and lapses with it.
    also: [
      {
        file: PROBES,
        search: "if (isMember) table.renewMembership(sentAtMs);",
        replacement: "if (isMember) table.renewMembership(clock.monotonicMs());",
      },
    ],
  },
  {
    name: "a clock of tags that went back is another life",
    file: TABLE,
    search: "if (head < seenAtSend) {",
    replacement: "if (head < 0 && seenAtSend > 0) {",
  },
  {
    name: "own writes are heard of",
    file: NODE,
    search: "this.table.hear(shard, version);",
    replacement: "",
  },
  {
    name: "a write of this process ends the copy, whatever its version",
    file: NODE,
    search: "this.table.hear(shard, version);\n    this.#parts.sink.dropOlder(key, Number.POSITIVE_INFINITY);",
    replacement: "this.table.hear(shard, version);\n    this.#parts.sink.dropOlder(key, version);",
  },
  {
    name: "what is on its way when a write of this process is answered is not kept, whatever its version",
    file: NODE,
    search: "this.#work.voidOthers(ticket);",
    replacement: "",
  },
  {
    name: "age counts from the send",
    file: NODE,
    search: "readAtMs: sentAtMs,",
    replacement: "readAtMs: Math.max(sentAtMs, this.#parts.clock.monotonicMs()),",
  },
  {
    name: "tags count from the send",
    file: NODE,
    search: "tagHead: tags.length === 0 ? NO_TAGS : tagHead,",
    replacement: "tagHead: tags.length === 0 ? NO_TAGS : Math.max(tagHead, this.table.seenOf(this.table.shardCount)),",
  },
  {
    name: "who was away proves nothing by what was before",
    file: TABLE,
    search: "if (sentAtMs - this.#memberAtMs > this.#maxStalenessMs) this.#memberFromMs = sentAtMs;",
    replacement: "",
  },
  {
    name: "who is not a member serves nothing",
    file: TABLE,
    search: "if (this.#memberAtMs < boundMs) return false;",
    replacement: "",
  },
  // What is heard of.
  {
    name: "a change ends the copy",
    file: NODE,
    search: "this.#parts.sink.dropOlder(key, version ?? Number.POSITIVE_INFINITY);",
    replacement: "",
  },
  {
    name: "an invalidation of tags ends copies",
    file: NODE,
    search: "this.#parts.sink.dropTags(tags);",
    replacement: "",
  },
  {
    name: "a clear ends copies",
    file: NODE,
    search: "this.#parts.sink.dropNamespace(path);",
    replacement: "",
  },
  {
    name: "an invalidation of tags is noted for what is on its way",
    file: NODE,
    search: "this.#work.noteTags(tags);",
    replacement: "",
  },
  {
    name: "a clear is noted for what is on its way",
    file: NODE,
    search: "this.#work.noteClear((key) => this.#parts.isWithin(key, path));",
    replacement: "",
  },
  {
    name: "only copies that are older end",
    file: COPIES,
    search: "if (copy !== undefined && copy.head < version) this.#parts.near.delete",
    replacement: "if (copy !== undefined && copy.version < version - 1_000) this.#parts.near.delete",
  },
  {
    name: "a copy ends with its entry",
    file: COPIES,
    search: "const ttlMs = Math.min(maxTtlMs, expiresAt - serverClock.nowMs());",
    replacement: "const ttlMs = maxTtlMs;",
  },
  // Changes of this process.
  {
    name: "a change ends the copy here before it is told to have happened",
    file: CHANGER,
    search: "node.changed(key, version);\n      fleet",
    replacement: "fleet",
  },
  {
    name: "who is handed a receipt of another server looks at nothing from before it",
    file: NEAR,
    search: "receipts.follow(context);",
    replacement: "",
  },
  {
    name: "a set that is given up leaves no copy",
    file: CHANGER,
    search: "const stop = this.doubtUnanswered([key], context);",
    replacement: "const stop = (): void => undefined;",
  },
  {
    name: "a batch of sets that is given up leaves no copies",
    file: CHANGER,
    search: "const stop = this.doubtUnanswered(keys, context);\n    try {\n      const results",
    replacement: "const stop = (): void => undefined;\n    try {\n      const results",
  },
  {
    name: "another change that is given up leaves no copy",
    file: CHANGER,
    search: "const stop = this.doubtUnanswered(keys, context);\n    try {\n      return",
    replacement: "const stop = (): void => undefined;\n    try {\n      return",
  },
  {
    name: "an invalidation of tags that is given up leaves no copies",
    file: NEAR,
    search: "() => node.invalidated(tags)",
    replacement: "() => undefined",
  },
  {
    name: "a clear that is given up leaves no copies",
    file: NEAR,
    search: "() => node.cleared(path)",
    replacement: "() => undefined",
  },
  {
    name: "a load that is given up while it is stored leaves no copy",
    file: "src/loading/load.ts",
    search: "this.resolve(this.#loaded.value);\n      this.#onUnstored?.();",
    replacement: "this.resolve(this.#loaded.value);",
    also: [
      {
        file: "src/loading/load.ts",
        search: "throw loaderTimeout(waitedMs);\n    this.#onUnstored?.();",
        replacement: "throw loaderTimeout(waitedMs);",
      },
    ],
  },
  {
    name: "a set of unknown outcome leaves no copy",
    file: CHANGER,
    search: "this.tell([key], [undefined]);\n      throw error;",
    replacement: "throw error;",
  },
  {
    name: "a copy of what was written is kept only if the ticket allows",
    file: NODE,
    search: "keepWritten(ticket: WorkTicket, version: number, tags: readonly string[]): CopyProof | undefined {",
    replacement:
      "keepWritten(ticket: WorkTicket, version: number, tags: readonly string[]): CopyProof | undefined {\n    ticket.minHead = 0;\n    ticket.isVoid = false;",
  },
  {
    name: "a refused write outdates the copy",
    file: CHANGER,
    search: "else this.#meet(key, result.version);",
    replacement: "",
  },
  {
    name: "a delete ends the copy here",
    file: NEAR,
    search: "delete: (key, context) => changer.change([key], context, () => far.delete(key, context)),",
    replacement: "delete: (key, context) => far.delete(key, context),",
  },
  {
    name: "an absence ends the copy",
    file: READER,
    search: "if (stamp !== undefined) copies.dropOlder(ticket.key, stamp.head + 1);",
    replacement: "if (stamp !== undefined) void 0;",
  },
  {
    name: "a version handed over is waited for",
    file: NEAR,
    search: "if (copy === undefined || !receipts.isLateEnough(copy, context)) return reader.read(key, context);",
    replacement: "if (copy === undefined || receipts === undefined) return reader.read(key, context);",
  },
  {
    name: "a version handed over is of the server that copies are of",
    file: "src/tiers/receipt-check.ts",
    search: "if (epoch === this.#epoch) return;",
    replacement: "this.#epoch = epoch;\n    return;",
  },
  // Waits for every process.
  {
    name: "a write that is acknowledged waits for all nodes",
    file: ACKS,
    search: "if (wait?.missing.delete(from) === true && wait.missing.size === 0) wait.onDone();",
    replacement: "if (wait?.missing.delete(from) === true) wait.onDone();",
  },
  {
    name: "a young table is not all",
    file: ACKS,
    search: "if (youngMs > 0) scheduler.after(youngMs, wait.onDone);\n      else wait.onDone();",
    replacement: "wait.onDone();",
  },
  {
    name: "an acknowledged write waits for the bound",
    file: ACKS,
    search: "const boundMs = settledAfterMs(maxStalenessMs);",
    replacement: "const boundMs = settledAfterMs(maxStalenessMs) / 4;",
    // The lease of who does not answer lasts as long.
    also: [{ file: ACKS, search: "wait.extend(remainingMs);", replacement: "" }],
  },
  // Loads.
  {
    name: "a forced load joins none that began before it",
    file: "src/cache/load-answer.ts",
    search: "if (resolved.isForced) return undefined;",
    replacement: "",
    also: [
      {
        file: "src/loading/load-decision.ts",
        search: 'if (isForced) return "load";',
        replacement: "void isForced;",
      },
    ],
  },
  {
    name: "what a load found before a call does not stand in for that call",
    file: "src/loading/wait-for-load.ts",
    search: "standIn !== undefined && standIn.askedAtMs >= beganAtMs ? standIn : found",
    replacement: "standIn ?? found",
  },
  {
    name: "a load that brings nothing gives its token back",
    file: "src/cache/load-ports.ts",
    search: "if (token !== undefined) load.confirmBy(releaseToken(scope, load, token));",
    replacement: "if (token !== undefined) load.confirm(Number.POSITIVE_INFINITY);",
  },
  {
    name: "a leave to load that comes late is given back",
    file: "src/loading/fleet-lease.ts",
    search: "if (context.isAbandoned === true && answer",
    replacement: "if (context.isAbandoned === undefined && answer",
  },
  // Nodes that keep the keys themselves.
  {
    name: "a node without grants does not act as an owner",
    file: DESK,
    search: 'if (!rights.isAgreed()) return { kind: "later", waitMs: AGREE_MS };',
    replacement: "",
  },
  {
    name: "a right lasts from when it was asked for",
    file: RIGHTS,
    search: "member.grantedAtMs = sentAtMs;",
    replacement: "member.grantedAtMs = this.#parts.clock.monotonicMs();",
  },
  {
    name: "a new owner waits",
    file: RIGHTS,
    search: "return lostAtMs + this.#parts.quietMs;",
    replacement: "return lostAtMs;",
  },
  {
    name: "an owner that comes back has nothing of what others have owned",
    file: RIGHTS,
    search: "if (known !== ownedWithout) this.#loseAll();",
    replacement: "",
  },
  {
    name: "one at a time has the right to load",
    file: "src/tiers/owners/owned-shards.ts",
    search: "if (remainingMs > 0 && !takesOver) return",
    replacement: "if (remainingMs < 0 && !takesOver) return",
  },
  {
    name: "a change that may have been made is not sent again",
    file: "src/tiers/owners/owner-asker.ts",
    search: "if (wasSent && !isRepeatable(request)) throw lostOnTheWay(name, request, timeoutMs);",
    replacement: "",
  },
  {
    name: "an owner that does not stand still keeps what it has when its view changes",
    file: RIGHTS,
    search: "if (this.#isSuspect) this.#loseAll();",
    replacement: "this.#loseAll();",
  },
  {
    name: "a grant of who has not owned without the owner takes nothing from it",
    file: RIGHTS,
    search: "if (known !== ownedWithout) this.#loseAll();",
    replacement: "this.#loseAll();",
  },
  {
    name: "a node that was lost is dialed again",
    file: "src/transports/grpc/dialer.ts",
    search: "target.toldReason = UNREACHABLE;\n      this.#wait(target);",
    replacement: "target.toldReason = UNREACHABLE;",
  },
  {
    name: "who began alone says so to those it meets",
    file: BEGUN,
    search: "return this.#known.get(id)?.count ?? this.#count;",
    replacement: "return this.#known.get(id)?.count ?? 0;",
  },
  {
    name: "what a node may have missed counts from when it went, whoever goes after it",
    file: BEGUN,
    search: "known.absence ??= {",
    replacement: "known.absence = {",
  },
  ...MIDDLE_SAFEGUARDS,
];
