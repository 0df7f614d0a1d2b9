/**
 * Which room may import which. Arrows point down only: L0 foundation ← L1 entry, events ← L2 backend, codec, coherence
 * ← L3 memory, tiers, sharding, loading, atomic ← L4 cache ← create-cache.ts ← edges ← apps. Type imports count.
 *
 * Tests are outside the layers: a test of one room may use another to prove something, and the test kit always.
 */
const TEST_FILE = "\\.test\\.ts$";

const LAYERS = [
  ["foundation"],
  ["entry", "events"],
  ["backend", "codec", "coherence"],
  ["memory", "tiers", "sharding", "loading", "atomic"],
  ["cache"],
];
const CORE = LAYERS.flat();
const EDGES = ["backends", "transports", "observability", "adapters"];
const APPS = ["config", "server", "cli"];

/** The files of config that read files or the environment; the others describe and check, and stay pure. */
const CONFIG_READERS = "^src/config/(load-config|config-file|dictionary-files|[^/]*environment[^/]*)\\.ts$";
const PURE_CONFIG = "^src/config/(?!(load-config|config-file|dictionary-files|[^/]*environment[^/]*)\\.ts$)";

/** What a configuration resolves to for a store with a network: types alone. */
const CLIENT_SETTINGS = "^src/clients/.+-settings\\.ts$";

/** Rooms of one layer that may know another of it: an event says why an entry left. */
const LAYER_MATES = { events: ["entry"] };

const inside = (rooms) => `^src/(${rooms.join("|")})/`;
const anyOf = (...patterns) => patterns.filter((pattern) => pattern !== "").join("|");

/** Everything under `src` but what `allowed` matches is forbidden for the files of `from`. */
function mayImportOnly(name, comment, from, allowed) {
  return {
    name,
    comment,
    severity: "error",
    from: { path: from, pathNot: TEST_FILE },
    to: { path: "^src/", pathNot: anyOf(...allowed) },
  };
}

const coreRules = LAYERS.flatMap((rooms, level) =>
  rooms.map((room) => {
    const below = [...LAYERS.slice(0, level).flat(), ...(LAYER_MATES[room] ?? [])];
    const lower = below.length === 0 ? "" : inside(below);
    const comment = `L${level} "${room}" may import ${below.length === 0 ? "nothing of this project" : below.join(", ")}.`;
    return mayImportOnly(`layer-${room}`, comment, `^src/${room}/`, [`^src/${room}/`, lower]);
  }),
);

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Modules that need each other, even for types only, are one concept or need a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...coreRules,
    mayImportOnly(
      "root-composition",
      "The files beside index.ts compose: they may import L0–L4, the stores and transports with a network, what watches caches (loaded when it is used) and the pure half of config.",
      "^src/(?:create|reconfigure)-[a-z-]+\\.ts$",
      [
        inside([...CORE, "backends", "transports", "observability"]),
        CLIENT_SETTINGS,
        PURE_CONFIG,
        "^src/(?:create|reconfigure)-[a-z-]+\\.ts$",
      ],
    ),
    ...EDGES.map((edge) =>
      mayImportOnly(
        `edge-${edge}`,
        `"${edge}" may import L0–L4, clients and itself; edges do not know each other.`,
        `^src/${edge}/([^/]+)`,
        [inside(CORE), "^src/clients/", `^src/${edge}/$1(/|$)`, `^src/${edge}/[^/]+\\.ts$`],
      ),
    ),
    mayImportOnly(
      "edge-clients",
      "Clients speak wire protocols and have no cache ideas: L0 only.",
      "^src/clients/([^/]+)",
      ["^src/foundation/", "^src/clients/$1(/|$)", "^src/clients/[^/]+\\.ts$"],
    ),
    mayImportOnly(
      "config-pure",
      "The half of config that describes and checks may import foundation, entry, backend, codec, coherence, the settings of clients and itself.",
      PURE_CONFIG,
      [inside(["foundation", "entry", "backend", "codec", "coherence"]), CLIENT_SETTINGS, PURE_CONFIG],
    ),
    mayImportOnly(
      "app-config",
      "Reading configuration may use everything below the apps, and no other app.",
      CONFIG_READERS,
      [inside([...CORE, "clients", ...EDGES, "config"]), "^src/(?:create|reconfigure)-[a-z-]+\\.ts$"],
    ),
    mayImportOnly(
      "app-server",
      "The server may use config and everything below the apps; the command line uses it, not the other way round.",
      "^src/server/",
      [inside([...CORE, "clients", ...EDGES, "config", "server"]), "^src/(?:create|reconfigure)-[a-z-]+\\.ts$"],
    ),
    mayImportOnly(
      "app-cli",
      "The command line may use everything but the test kit and the package's own entry.",
      "^src/cli/",
      [inside([...CORE, "clients", ...EDGES, ...APPS]), "^src/(?:create|reconfigure)-[a-z-]+\\.ts$"],
    ),
    mayImportOnly("testing-kit", "The test kit may import L0–L4 and itself.", "^src/testing/", [
      inside(CORE),
      "^src/testing/",
    ]),
    {
      name: "testing-unused",
      comment: "Nothing that ships in another entry may lean on the test kit.",
      severity: "error",
      from: { path: "^src/", pathNot: anyOf(TEST_FILE, "^src/testing/") },
      to: { path: "^src/testing/" },
    },
    {
      name: "known-rooms",
      comment: "A new room gets a layer here before it gets imports.",
      severity: "error",
      from: {
        path: "^src/",
        pathNot: anyOf(
          inside([...CORE, "clients", ...EDGES, ...APPS, "testing"]),
          "^src/(index|create-[a-z-]+|reconfigure-cache)\\.ts$",
          TEST_FILE,
        ),
      },
      to: {},
    },
    {
      name: "optional-libraries",
      comment: "Optional libraries are loaded when used: no static import of a package, not even of a type.",
      severity: "error",
      from: { path: "^src/", pathNot: TEST_FILE },
      to: {
        pathNot: "^\\.",
        dependencyTypes: ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown", "unknown"],
        dynamic: false,
      },
    },
    {
      name: "resolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true, dynamic: false },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    skipAnalysisNotInRules: false,
    enhancedResolveOptions: {
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".cjs", ".js", ".json"],
    },
  },
};
