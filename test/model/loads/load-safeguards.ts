/** What each rule of loads says, and what of the sources it is. */
const RULES = {
  tokenChecked: "a fill needs the token that the key holds, an absent key will not do · holdsToken of tier-script.ts",
  tokenVoid: "a delete or write voids the token · bury and write of script-prelude.ts",
  clearVoids: "so does a clear · tokenOf of tier-script.ts",
  tagsStamped: "a fill whose tags were invalidated since is refused · fill of tier-script.ts",
  stampFirst: "the clock of tags is looked at when the token is given out · getOrLease of tier-script.ts",
  takeoverVoids: "who takes over voids the token before · getOrLease of tier-script.ts",
  detaches: "nobody joins a load that is older than an invalidation · LoadTable.detachKey",
  detachesAfter: "loads are detached after the change as well as before · changeAndDetach",
  ownCall: "an invalidation is not answered by one that was sent before it was called for · —",
} as const;

/** Names of the rules that can be taken out of the model of loads. */
export type LoadSafeguardName = keyof typeof RULES;

/** Which rules of loads are in force. */
export type LoadRules = Readonly<Record<LoadSafeguardName, boolean>>;

/** How a load is made outdated. */
export type LoadEnding = "delete" | "clear" | "tags";

/** A rule of loads, with what shows that it is needed. */
export interface LoadSafeguard {
  readonly name: LoadSafeguardName;
  readonly rule: string;
  readonly ending: LoadEnding;
  /** Steps of the shortest counterexample. */
  readonly length: number;
}

/** Every rule, in the order of the table of docs/design/coherence-model.md. */
export const LOAD_SAFEGUARDS: readonly LoadSafeguard[] = [
  safeguard("tokenChecked", "delete", 6),
  safeguard("tokenVoid", "delete", 6),
  safeguard("clearVoids", "clear", 6),
  safeguard("tagsStamped", "tags", 6),
  safeguard("stampFirst", "tags", 6),
  safeguard("takeoverVoids", "delete", 7),
  safeguard("detaches", "delete", 4),
  safeguard("detachesAfter", "delete", 4),
  safeguard("ownCall", "delete", 8),
];

function safeguard(name: LoadSafeguardName, ending: LoadEnding, length: number): LoadSafeguard {
  return { name, rule: RULES[name], ending, length };
}

/** The rules in force when some are taken out. */
export function loadRulesWithout(...names: readonly LoadSafeguardName[]): LoadRules {
  const all = Object.keys(RULES) as LoadSafeguardName[];
  return Object.fromEntries(all.map((name) => [name, !names.includes(name)])) as Record<LoadSafeguardName, boolean>;
}
