import type { Mutation } from "./mutation.ts";

const SHARED_REFRESHES = "test/unit/shared-refreshes.test.ts";
const FLEET_LOADS = "test/unit/fleet-loads.test.ts";
const SHARDED = "src/sharding/sharded-load-tier.test.ts";
const CODED = "src/tiers/coded-load-tier.test.ts";

/** The safeguards of what the processes of a fleet do for each other beyond single loads: refreshes that one of them does, renewals, and takeovers. */
export const FLEET_MUTATIONS: readonly Mutation[] = [
  {
    name: "one process of a fleet refreshes",
    file: "src/cache/refresh-claims.ts",
    search: "load.isFleetWide && core.backend",
    replacement: "load.isFleetWide && false && core.backend",
    testFile: SHARED_REFRESHES,
    testName: "a live entry that is due in every process is served to all and loaded by one",
  },
  {
    name: "keys of a batch are refreshed by one process",
    file: "src/cache/key-search.ts",
    search: "startAll(call, found, true)",
    replacement: "startAll(call, found, false)",
    testFile: SHARED_REFRESHES,
    testName: "a live entry that is due in every process is loaded by one also in batches",
  },
  {
    name: "a refresh that was refused does not ask with every read",
    file: "src/cache/refresh-claims.ts",
    search: "core.loadMemory.noteRefreshElsewhere(storedKey, version, core.clock.monotonicMs() + REFUSED_PAUSE_MS);",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is not asked about with every read by a process that was refused",
  },
  {
    name: "a refused refresh is no reason to pass over another version",
    file: "src/loading/load-memory.ts",
    search: " && noted.version === version",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is loaded by who was refused just now when it is another version that is due",
  },
  {
    name: "a refused refresh is asked for again",
    file: "src/loading/load-memory.ts",
    search: "noted.untilMs > nowMs && ",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is not asked about with every read by a process that was refused",
  },
  {
    name: "a claim to refresh is given back when the loader throws",
    file: "src/cache/load-ports.ts",
    search: "if (claim !== undefined) void releaseClaim(scope, load, claim);",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName: "a live entry that is due in every process is loaded by the next one at once when the loader throws",
  },
  {
    name: "a claim to refresh is given back when nothing was stored",
    file: "src/cache/store-loaded.ts",
    search: "if (claim !== undefined) void releaseClaim(scope, load, claim);",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is loaded by the next one at once when the result could not be stored",
  },
  {
    name: "a claim to refresh is kept when the result is stored",
    file: "src/cache/store-loaded.ts",
    search: "target.claim = undefined;",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is not loaded again by who still sees the version that was replaced",
  },
  {
    name: "a claim to refresh that is over is nobody's to give back",
    file: "src/cache/refresh-claims.ts",
    search: "if (core.clock.monotonicMs() >= untilMs) return;",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is loaded by another one when the time of the one that hangs is over, and that one's claim is not given back then",
  },
  {
    name: "a claim to refresh that comes too late is given back",
    file: "src/cache/load-ports.ts",
    search: "if (load.isOver || load.isDetached) release(load);",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is left to the next one when the leave came after the load was given up",
  },
  {
    name: "a refresh asks for its leave and its stamp together",
    file: "src/cache/load-ports.ts",
    search: "return { found: undefined, stamp: await stamp };\n}\n\ninterface FleetAcquisition",
    replacement: "return { found: undefined, stamp: await takeStamp(scope) };\n}\n\ninterface FleetAcquisition",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is loaded by each after one deadline when the store answers neither about the leave nor about tags",
  },
  {
    name: "a refresh that is left to others says nothing to who came later",
    file: "src/cache/load-ports.ts",
    search: "    target.isLeftToOthers = true;",
    replacement: "    target.isLeftToOthers = true;\n    load.confirm(Number.POSITIVE_INFINITY);",
    testFile: SHARED_REFRESHES,
    testName:
      "a live entry that is due in every process is loaded by who finds it over while its own process asks for the leave in vain",
  },
  {
    name: "a refresh that is left to others is no load",
    file: "src/cache/load-ports.ts",
    search: "if (targetOf(load).isLeftToOthers) return;",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName: "a live entry that is due in every process is served to all and loaded by one",
  },
  {
    name: "a store that does not answer refuses no refresh",
    file: "src/cache/refresh-claims.ts",
    search: 'if (!answer.isAnswered) return { kind: "unanswered" };',
    replacement: 'if (!answer.isAnswered) return { kind: "refused" };',
    testFile: SHARED_REFRESHES,
    testName: "a live entry that is due in every process is loaded by each where the store does not answer",
  },
  {
    name: "a forced load asks for no claim to refresh",
    file: "src/cache/loads.ts",
    search: "start(call, finding, false)",
    replacement: "start(call, finding, true)",
    testFile: SHARED_REFRESHES,
    testName: "a refresh in another process that hangs holds up no load that is forced",
  },
  {
    name: "what was unmodified is renewed without its value",
    file: "src/cache/store-loaded.ts",
    search: "renew !== undefined &&\n    kept > 0",
    replacement: "renew === undefined &&\n    kept > 0",
    testFile: SHARED_REFRESHES,
    testName: "an unmodified result in a fleet renews what stands in, under the token",
  },
  {
    name: "a renewal that finds nothing is stored whole",
    file: "src/cache/store-loaded.ts",
    search: "(renewed) => renewed ?? putValue(backend, storedKey, token, write, context),",
    replacement: "(renewed) => renewed ?? { stored: false, version: 0 },",
    testFile: SHARED_REFRESHES,
    testName: "an unmodified result in a fleet is stored whole when what stood in is gone, and the token stands",
  },
  {
    name: "a renewal is of what the loader was shown",
    file: "src/cache/store-loaded.ts",
    search: "(token !== undefined || replacedVersion === kept)",
    replacement: "(token !== undefined || replacedVersion > 0)",
    testFile: SHARED_REFRESHES,
    testName: "an unmodified result in a fleet is stored whole when what it replaces is not what the loader was shown",
  },
  {
    name: "a renewal adds no tags",
    file: "src/cache/store-loaded.ts",
    search: "return [...tags].every((tag) => standIn.tags.includes(tag)) ? standIn.version : 0;",
    replacement: "return standIn.version;",
    testFile: SHARED_REFRESHES,
    testName: "an unmodified result in a fleet is stored whole with tags that it had not",
  },
  {
    name: "a renewal is of the value that was shown",
    file: "src/cache/store-loaded.ts",
    search: " || !Object.is(value, standIn.value)",
    replacement: "",
    testFile: SHARED_REFRESHES,
    testName:
      "an unmodified result in a fleet is stored as what the loader returned when that is not what it was shown",
  },
  {
    name: "a forced load takes the leave over",
    file: "src/cache/load-ports.ts",
    search: "const { isForced: takesOver } = resolved;",
    replacement: "const takesOver = false;",
    testFile: FLEET_LOADS,
    testName: "a load that hangs in a fleet is not waited for by a call elsewhere that wants nothing but fresh",
    hangs: true,
  },
  {
    name: "a node without claims lets each process refresh",
    file: "src/sharding/sharded-load-tier.ts",
    search: "claimMs, context)) ?? true;",
    replacement: "claimMs, context)) ?? false;",
    testFile: SHARDED,
    testName:
      "the load tier of a sharded store lets each process refresh for itself, and has results written, where a node knows neither claims nor renewals",
  },
  {
    name: "a forced load is not answered from copies",
    file: "src/sharding/sharded-load-tier.ts",
    search: "request.takesOver === true ? undefined : await",
    replacement: "await",
    testFile: SHARDED,
    testName:
      "the load tier of a sharded store answers hot keys from copies as well, and drops them when a result is stored or renewed",
  },
  {
    name: "a renewal of a node that changed is refused",
    file: "src/sharding/sharded-load-tier.ts",
    search: "if (token !== undefined && !token.isCurrent(shards)) {",
    replacement: "if (token !== undefined && false) {",
    testFile: SHARDED,
    testName:
      "the load tier of a sharded store refuses what was begun before nodes changed, also when the key is back at its node",
  },
  {
    name: "a renewal drops copies of hot keys",
    file: "src/sharding/sharded-load-tier.ts",
    search:
      "{ ...renewal, token: token?.token }, context);\n    });\n  } finally {\n    await hotKeys?.dropCopies([key]);",
    replacement:
      "{ ...renewal, token: token?.token }, context);\n    });\n  } finally {\n    await hotKeys?.dropCopies([]);",
    testFile: SHARDED,
    testName:
      "the load tier of a sharded store answers hot keys from copies as well, and drops them when a result is stored or renewed",
  },
  {
    name: "what nobody could read is not renewed",
    file: "src/tiers/coded-load-tier.ts",
    search: "renewal.token instanceof UnreadableEntryToken ? undefined : renew(key, renewal, context),",
    replacement: "renew(key, renewal, context),",
    testFile: CODED,
    testName: "a live entry that cannot be read is not renewed: it was shown to nobody",
  },
];
