/** What stands above the tables of the reference: what holds for every field. */
export const REFERENCE_INTRODUCTION = `# Configuration

<!-- Generated from src/config by scripts/generate-config-reference.mjs. Do not edit: a test compares it with the code. -->

A configuration is one plain object, and a JSON file can hold all of it but objects from code.

\`\`\`ts
import { createCache, loadConfig } from "gocachex";

const fromCode = createCache({ backend: "memory", memory: { maxSize: "256MB" }, defaultTtl: "10m" });
const fromFile = createCache(await loadConfig({ file: "cache.json" }));
\`\`\`

\`loadConfig\` reads the file that it is given, else the one that \`GOCACHEX_CONFIG\` names, and then the environment
variables below, which win over the file field by field. \`{ env: false }\` ignores the environment. The JSON Schema of
the file is published as \`gocachex/config.schema.json\`; a key \`$schema\` at the top of a file is allowed.

What cannot be honoured is refused, never ignored. An unknown key, a value of the wrong type or outside its range, options of a backend that is not
used, and options that exclude each other are a \`ConfigError\` that names the field and the remedy.

## Values

- **duration**: text such as \`"250ms"\`, \`"30s"\`, \`"1h30m"\`, \`"7d"\` (units \`ns us ms s m h d w\`), or a number of milliseconds.
- **size**: text such as \`"512KB"\`, \`"100MB"\`, \`"2GB"\` (powers of 1024), or a number of bytes.
- Where "never" or "no limit" is possible, \`false\` says so; code may also write \`Infinity\`, which JSON does not have.
- A field that is left out (or \`undefined\`) has its default. \`null\` is no value, except in snake_case files.
- The options of a plug-in backend stand in a section of its name, and are not checked here.

## Environment variables

\`GOCACHEX_\`, the path, and the name in capitals: \`memory.maxSize\` is \`GOCACHEX_MEMORY_MAX_SIZE\`. Booleans are \`true\`,
\`false\`, \`1\`, \`0\`, \`yes\`, \`no\`, \`on\` or \`off\`. Lists are separated by commas. Maps are \`key=value,key=value\` or JSON;
\`GOCACHEX_TIERS\` is JSON. A duration without a unit is milliseconds. An empty variable is not set. Objects and the
options of plug-ins have no variables.

An unknown variable that begins with \`GOCACHEX_\` is an error, so that a typing mistake is found. Left alone are those of
the tools (\`GOCACHEX_CONFIG\`, \`GOCACHEX_NODE\` and \`GOCACHEX_NODE_TOKEN\`, \`…_TOKEN_FILE\`, \`…_CA_FILE\`, \`…_CERT_FILE\`, \`…_KEY_FILE\`, \`GOCACHEX_TRACES\`, \`GOCACHEX_TEST_*\`, \`GOCACHEX_BENCH_*\`), and what
Kubernetes sets for services whose names begin with "gocachex" (such as \`GOCACHEX_SERVICE_HOST\`).

## Existing files

Files of the Go library are read as they are. A store that keeps values as they are, as memory does, refuses compression and encryption. A document with at least one snake_case key (\`max_size\`) is read by Go's rules:

- a number for a duration is nanoseconds, as Go writes them; text works as well;
- \`""\`, \`0\`, \`null\` and empty lists mean "not set", and so does a switch that is not written;
- a section that says nothing but that, or only defaults, counts as absent, also when its backend is not used;
- \`-1\` switches off what Go switches off with it: retries, pauses between them, the closing of idle connections.

In a document with both spellings a duration must be text, as the unit of a number would be a guess; one field in both
spellings is an error.
`;
