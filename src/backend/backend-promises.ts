import type { Backend } from "./backend.ts";
import type { BackendDefinition } from "./backend-definition.ts";
import type { BackendCapabilities } from "./capabilities.ts";

type MethodName = Exclude<
  keyof Backend,
  "name" | "capabilities" | "epoch" | "nearTier" | "maxTtlMs" | "loadTier" | "sharedTier" | "revalidation"
>;

const METHODS: { readonly [Name in MethodName]: "must" | "may" } = {
  connect: "may",
  close: "may",
  ping: "may",
  get: "must",
  getMulti: "may",
  set: "must",
  setMulti: "may",
  delete: "must",
  deleteMulti: "may",
  expire: "may",
  getStale: "may",
  increment: "may",
  commit: "may",
  areColocated: "may",
  lease: "may",
  invalidateTags: "may",
  stamp: "may",
  scan: "may",
  clear: "may",
  peek: "may",
  isolate: "may",
  awaitCoherence: "may",
  coherence: "may",
  tierUsages: "may",
  usage: "may",
  pendingWrites: "may",
  connections: "may",
  report: "may",
  resize: "may",
  changePolicy: "may",
};

/** The names of all methods of a store. */
export const BACKEND_METHODS: readonly MethodName[] = Object.keys(METHODS) as MethodName[];

/** What each capability may be; the first is what a store has that does not say. */
const VALUES: { readonly [Name in keyof BackendCapabilities]-?: readonly unknown[] } = {
  storage: ["values", "bytes"],
  local: [false, true],
  conditionalWrites: [false, true],
  counters: [false, true],
  transactions: ["none", "single-key", "co-located", "any-keys"],
  leases: [false, true],
  tags: [false, true],
  slidingTtl: [false, true],
  stale: [false, true],
  scan: [false, true],
  clear: [false, true],
};

/**
 * The methods of the capabilities that a method shows. `tags` without `stamp` would let the result of a load that began before an
 * invalidation be stored after it, as if it were fresh.
 */
const SHOWN_BY_METHODS = {
  counters: ["increment"],
  leases: ["lease"],
  tags: ["invalidateTags", "stamp"],
  stale: ["getStale"],
  scan: ["scan"],
  clear: ["clear"],
} as const satisfies Partial<Record<keyof BackendCapabilities, readonly MethodName[]>>;

/**
 * What a plug-in can do, from what it says and from the methods that it has.
 *
 * @throws TypeError naming the store and what is wrong with its definition
 */
export function resolveCapabilities(definition: BackendDefinition): BackendCapabilities {
  assertMembers(definition);
  assertKnown(definition);
  const said: Partial<BackendCapabilities> = definition.capabilities ?? {};
  const resolved: Record<string, unknown> = {};
  for (const [name, [byDefault]] of Object.entries(VALUES)) {
    resolved[name] = said[name as keyof BackendCapabilities] ?? byDefault;
  }
  for (const [name, methods] of Object.entries(SHOWN_BY_METHODS)) {
    const isShown = methods.some((method) => definition[method] !== undefined);
    resolved[name] = said[name as keyof typeof SHOWN_BY_METHODS] ?? isShown;
    if (resolved[name] === true) assertMethods(definition, name, methods);
  }
  const capabilities = Object.freeze(resolved) as unknown as BackendCapabilities;
  if (capabilities.local) assertMethods(definition, "local", ["peek"]);
  assertTransactions(definition, capabilities);
  return capabilities;
}

function assertMembers(definition: BackendDefinition): void {
  if (typeof definition?.name !== "string" || definition.name === "") {
    throw new TypeError("defineBackend needs a definition with a name, a short text for messages and metrics.");
  }
  for (const method of BACKEND_METHODS) {
    const given: unknown = definition[method];
    if (typeof given === "function" || (given === undefined && METHODS[method] === "may")) continue;
    throw new TypeError(
      given === undefined
        ? `Backend "${definition.name}" has no ${method}(). The least a store needs is get, set and delete.`
        : `Backend "${definition.name}": ${method} must be a function; it is ${given === null ? "null" : typeof given}.`,
    );
  }
}

function assertKnown({ name, capabilities = {} }: BackendDefinition): void {
  for (const [capability, value] of Object.entries(capabilities)) {
    if (!Object.hasOwn(VALUES, capability)) {
      const known = Object.keys(VALUES).join(", ");
      throw new TypeError(`Backend "${name}" promises "${capability}", which is no capability. Known: ${known}.`);
    }
    const allowed = VALUES[capability as keyof BackendCapabilities];
    if (value === undefined || allowed.includes(value)) continue;
    const choices = allowed.map((choice) => JSON.stringify(choice)).join(", ");
    throw new TypeError(`Backend "${name}": the capability "${capability}" must be one of ${choices}.`);
  }
}

function assertMethods(definition: BackendDefinition, capability: string, methods: readonly MethodName[]): void {
  const missing = methods.find((method) => definition[method] === undefined);
  if (missing === undefined) return;
  throw new TypeError(`Backend "${definition.name}" promises "${capability}" but has no ${missing}().`);
}

function assertTransactions(definition: BackendDefinition, { transactions }: BackendCapabilities): void {
  if (transactions === "none") {
    if (definition.commit === undefined || definition.capabilities?.transactions === "none") return;
    throw new TypeError(
      `Backend "${definition.name}" has commit() but does not say which keys one commit may touch. Give it the capability transactions: "single-key", "co-located" or "any-keys".`,
    );
  }
  assertMethods(definition, "transactions", ["commit"]);
  if (transactions === "co-located") assertMethods(definition, 'transactions: "co-located"', ["areColocated"]);
}
