import { FLEET, type Scope, scopeOf, TIMED } from "./scope.ts";

/** Names of the rules that can be taken out of the model of copies. */
export type CopySafeguardName = keyof typeof RULES;

/** What each rule says, and what of the sources it is. */
const RULES = {
  minHead: "an answer below a change heard of since it was asked for is not kept · RunningWork.isKeepable",
  voidTicket: "nor is one of a key that changed meanwhile to nobody knows what · RunningWork.voidKey",
  wideLog: "nor one whose tags or namespace ended meanwhile · RunningWork.noteTags, noteClear",
  answerNoted: "an answer is noted on all others that are on their way · CoherenceNode.keep",
  absenceNoted: "so is an absence · CoherenceNode.keep",
  absenceEnds: "an absence ends the copy · NearReader.keep",
  unkeptEnds: "an answer that is not kept ends an older copy · CoherenceNode.keep",
  newerStays: "a newer copy is not replaced by an older answer · NearCopies.keep",
  changeEnds: "a change that is heard of ends the copy · CoherenceNode.changed",
  unknownEnds: "so does one of this process of which the store says no version, or nothing · NearChanger.change",
  stampOfRead: "a copy's head is the one that came with its read · CoherenceNode.#keepAt",
  freshFromSend: "a copy's age counts from when its read was sent · CoherenceNode.#keepAt",
  probeFromSend: "what a probe proves holds from when it was sent · ProbeCycle.#probe",
  lapses: "what was proven lapses · FreshnessTable.isProven",
  floor: "a probe proves nothing below the floor · FreshnessTable.isProven",
  firstFloor: "the floor begins at the first head · FreshnessTable.#applyHead",
  risingFloor: "it rises over changes that nobody told of · FreshnessTable.settle",
  headAbove: "a head above what was applied proves nothing · FreshnessTable.#applyHead",
  contiguous: "a change connects only with what was applied · FreshnessTable.applyChange",
  copyEnds: "a copy ends with its entry · NearCopies.keep",
  tagsPlace: "a copy with tags needs the clock of tags as well · FreshnessTable.isProven",
  tagsFromSend: "its tags are proven up to what was applied when its read was sent · CoherenceNode.begin",
  otherEpoch: "another epoch is another life · FreshnessTable.#isOther",
  lowerHead: "so is a head below one that was seen · FreshnessTable.#isOther",
  ownHeard: "what this process wrote was seen · CoherenceNode.changed",
  tagClockLost: "a clock of tags that went back ends all lives · FreshnessTable.applyTagHead",
  copyLife: "a copy of another life is not served · FreshnessTable.isProven",
  answerLife: "an answer of another life is not kept · CoherenceNode.keep",
  writeLife: "nor is a write of another life · CoherenceNode.keepWritten",
  memberLapses: "who is not in the table serves nothing · FreshnessTable.isProven",
  memberFrom: "who was away serves nothing that was proven before · FreshnessTable.renewMembership",
  joinFirst: "who is away asks for heads after it is back · ProbeCycle.#probe",
  renewedFirst: "so does who is there: its lease may end on the way · RedisSharedTier.heads",
  ackAll: "an acknowledged write waits for every node of the table · AckWaits.receive",
  ackBound: "or until all that was proven before it has lapsed · settledAfterMs",
  youngTable: "a young table is not all · AckWaits.#ask",
  ticketChecked: "a read with a ticket passes by copies below it · isLateEnough of near-backend.ts",
} as const;

/** A rule of copies, with what shows that it is needed. */
export interface CopySafeguard {
  readonly name: CopySafeguardName;
  /** What it says, and where it is in the sources. */
  readonly rule: string;
  /** Rules that do the same in its place, and are taken out with it. */
  readonly with: readonly CopySafeguardName[];
  /** Where to look. */
  readonly scope: Scope;
  /** Steps of the shortest counterexample. */
  readonly length: number;
}

const LIVES = { ...TIMED, budget: { works: 1, probes: 1, failovers: 1 }, works: ["write"] } as const;

/** Every rule, in the order of the table of docs/design/coherence-model.md. */
export const COPY_SAFEGUARDS: readonly CopySafeguard[] = [
  safeguard("minHead", 7, { budget: { reads: 2, changes: 1 }, outside: ["delete"] }),
  safeguard("voidTicket", 6, { budget: { reads: 1, works: 1 }, works: ["delete"] }),
  safeguard("wideLog", 6, { budget: { reads: 1, works: 1 }, works: ["clear"] }),
  safeguard("answerNoted", 8, { budget: { reads: 2, changes: 1, evictions: 1 } }),
  safeguard("absenceNoted", 7, { budget: { reads: 2, changes: 1 }, outside: ["delete"] }),
  safeguard("absenceEnds", 4, { budget: { reads: 1, changes: 1 }, outside: ["delete"], isWarm: true }),
  safeguard("unkeptEnds", 7, { budget: { reads: 2, works: 1, changes: 1 }, works: ["write"] }),
  safeguard("newerStays", 7, { budget: { reads: 2, changes: 1 } }, ["answerNoted"]),
  safeguard("changeEnds", 7, { ...TIMED, budget: { changes: 1, probes: 1 } }),
  safeguard("unknownEnds", 3, { budget: { works: 1 }, works: ["delete"], isWarm: true }),
  safeguard("stampOfRead", 10, {
    ...TIMED,
    budget: { reads: 1, changes: 2, probes: 1 },
    outside: ["change", "other"],
  }),
  safeguard("freshFromSend", 6, { ...TIMED, isWarm: false, budget: { reads: 1, changes: 1 } }),
  safeguard("probeFromSend", 6, { ...TIMED, budget: { changes: 1, probes: 1 } }),
  safeguard("lapses", 3, { ...TIMED, budget: { changes: 1 } }),
  safeguard("floor", 7, { ...TIMED, budget: { changes: 1, probes: 1 } }),
  safeguard("firstFloor", 9, { ...TIMED, isWarm: false, budget: { reads: 1, changes: 1, probes: 1 } }),
  safeguard("risingFloor", 7, { ...TIMED, budget: { changes: 1, probes: 1 } }),
  safeguard("headAbove", 6, { ...TIMED, budget: { changes: 1, probes: 1 } }),
  safeguard("contiguous", 8, { ...TIMED, budget: { changes: 2, probes: 1 }, outside: ["change", "other"] }),
  safeguard("copyEnds", 6, { ...TIMED, budget: { probes: 1 }, ttl: 1 }),
  safeguard("tagsPlace", 6, { ...TIMED, budget: { changes: 1, probes: 1 }, outside: ["tags"], isTagged: true }),
  safeguard("tagsFromSend", 10, {
    ...TIMED,
    budget: { reads: 1, changes: 1, probes: 1 },
    outside: ["tags"],
    isTagged: true,
  }),
  safeguard("otherEpoch", 8, { ...TIMED, budget: { changes: 1, probes: 1, wipes: 1 }, outside: ["other"] }),
  safeguard("lowerHead", 9, {
    ...TIMED,
    failover: "silent",
    budget: { works: 1, probes: 1, failovers: 1 },
    works: ["write"],
  }),
  safeguard("ownHeard", 9, {
    ...TIMED,
    failover: "silent",
    budget: { works: 1, probes: 1, failovers: 1 },
    works: ["write"],
  }),
  safeguard("tagClockLost", 12, {
    ...TIMED,
    failover: "silent",
    budget: { reads: 1, changes: 2, probes: 1, failovers: 1 },
    outside: ["tags"],
    isTagged: true,
  }),
  safeguard("copyLife", 9, LIVES, ["writeLife"]),
  safeguard("writeLife", 9, LIVES, ["copyLife"]),
  safeguard("memberLapses", 5, { ...FLEET, isAway: true, hasTime: false, budget: { works: 1 } }),
  safeguard("memberFrom", 8, { ...FLEET, isAway: true, hasTime: false, budget: { works: 1, probes: 1 } }),
  safeguard("joinFirst", 9, { ...FLEET, isAway: true, hasTime: false, budget: { works: 1, probes: 1 } }, [
    "renewedFirst",
  ]),
  safeguard("renewedFirst", 11, { ...FLEET, budget: { works: 1, probes: 1 } }),
  safeguard("ackAll", 5, { ...FLEET, budget: { works: 1 } }),
  safeguard("ackBound", 5, { ...FLEET, budget: { works: 1 } }),
  safeguard("youngTable", 6, { ...FLEET, budget: { works: 1, tableLosses: 1 } }),
  safeguard("ticketChecked", 3, { budget: { works: 1 }, works: ["write"], nodeCount: 2, isWarm: true }),
];

/** Rules that are there twice: no single state needs them as long as the others hold. Here the epoch that comes with each read says the same. */
export const SPARE_RULES: readonly { readonly name: CopySafeguardName; readonly scope: Scope }[] = [
  { name: "answerLife", scope: scopeOf({ ...TIMED, budget: { reads: 1, changes: 1, probes: 1, failovers: 1 } }) },
];

function safeguard(
  name: CopySafeguardName,
  length: number,
  scope: Partial<Scope>,
  others: readonly CopySafeguardName[] = [],
): CopySafeguard {
  return { name, rule: RULES[name], with: others, scope: scopeOf(scope), length };
}

/** The rules in force when some are taken out. */
export function rulesWithout(...names: readonly CopySafeguardName[]): Readonly<Record<CopySafeguardName, boolean>> {
  const all = Object.keys(RULES) as CopySafeguardName[];
  return Object.fromEntries(all.map((name) => [name, !names.includes(name)])) as Record<CopySafeguardName, boolean>;
}
