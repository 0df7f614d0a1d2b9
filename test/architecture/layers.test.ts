import { describe, expect, it } from "vitest";
import { checkTree } from "./fixture-tree.ts";

/** One file that breaks each rule: from, to, and the rule that must object. */
const VIOLATIONS: ReadonlyArray<readonly [from: string, to: string, rule: string]> = [
  ["foundation/a", "entry/key", "layer-foundation"],
  ["entry/a", "events/hub", "layer-entry"],
  ["events/a", "backend/backend", "layer-events"],
  ["backend/a", "codec/codec", "layer-backend"],
  ["codec/a", "coherence/state", "layer-codec"],
  ["coherence/a", "backend/backend", "layer-coherence"],
  ["memory/a", "loading/load", "layer-memory"],
  ["tiers/a", "memory/store", "layer-tiers"],
  ["sharding/a", "tiers/stack", "layer-sharding"],
  ["loading/a", "atomic/lock", "layer-loading"],
  ["atomic/a", "memory/store", "layer-atomic"],
  ["cache/a", "config/schema", "layer-cache"],
  ["backends/redis/a", "transports/grpc/link", "edge-backends"],
  ["backends/redis/b", "backends/memcached/store", "edge-backends"],
  ["transports/grpc/a", "observability/log", "edge-transports"],
  ["observability/a", "adapters/keyv", "edge-observability"],
  ["adapters/a", "backends/redis/store", "edge-adapters"],
  ["clients/redis/a", "cache/cache", "edge-clients"],
  ["config/schema-a", "memory/store", "config-pure"],
  ["config/schema-b", "config/load-config", "config-pure"],
  ["config/load-config", "server/node", "app-config"],
  ["server/a", "cli/main", "app-server"],
  ["cli/a", "testing/kit", "app-cli"],
  ["testing/a", "config/schema", "testing-kit"],
  ["memory/b", "testing/kit", "testing-unused"],
  ["create-cache", "config/load-config", "root-composition"],
  ["attic/a", "foundation/clock", "known-rooms"],
];

/** Imports that are as they should be. */
const ALLOWED: ReadonlyArray<readonly [from: string, to: string]> = [
  ["events/fine", "entry/key"],
  ["cache/fine", "memory/store"],
  ["memory/fine", "backend/backend"],
  ["backends/redis/fine", "clients/redis/wire"],
  ["server/fine", "config/load-config"],
  ["cli/fine", "server/node"],
  ["memory/fine.test", "testing/kit"],
  ["loading/fine.test", "memory/store"],
];

function treeOf(imports: ReadonlyArray<readonly [from: string, to: string, rule?: string]>): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [, to] of imports) files[`src/${to}.ts`] ??= "export type Thing = 1;\n";
  for (const [from, to] of imports) {
    const up = "../".repeat(from.split("/").length - 1) || "./";
    files[`src/${from}.ts`] = `import type { Thing } from "${up}${to}.ts";\nexport type Other = Thing;\n`;
  }
  return files;
}

describe("the layer check", () => {
  const broken = checkTree("layers", {
    ...treeOf(VIOLATIONS),
    "src/cache/chicken.ts": 'import type { Egg } from "./egg.ts";\nexport type Chicken = Egg;\n',
    "src/cache/egg.ts": 'import type { Chicken } from "./chicken.ts";\nexport type Egg = Chicken | 1;\n',
    "src/backend/library.ts": 'import type { SomeType } from "some-library";\nexport type Library = SomeType;\n',
    "src/backend/nowhere.ts": 'import { nothing } from "./gone.ts";\nexport const nowhere = nothing;\n',
    "src/index.ts": 'export { chicken } from "./cache/chicken.ts";\n',
  });

  it.each(VIOLATIONS)("objects when %s imports %s: %s", (from, to, rule) => {
    expect(broken.ok).toBe(false);
    expect(broken.output).toContain(`src/${from}.ts → src/${to}.ts  [${rule}]`);
  });

  it("objects to a cycle, also when it is made of type imports only", () => {
    expect(broken.output).toMatch(/(chicken|egg)\.ts → .*(chicken|egg)\.ts {2}\[no-cycles\]/);
  });

  it("objects to a static import of a library, even of a type", () => {
    expect(broken.output).toMatch(/library\.ts → some-library {2}\[optional-libraries\]/);
  });

  it("objects to an import that leads nowhere", () => {
    expect(broken.output).toMatch(/nowhere\.ts → .*gone\.ts {2}\[resolvable\]/);
  });

  it("has nothing to say about imports that point down, and about tests that use another room", () => {
    const fine = checkTree("layers", treeOf(ALLOWED));
    expect(fine.output).toContain("0 violations");
    expect(fine.ok).toBe(true);
  });

  it("fails when there is nothing to see, because seeing nothing looks like finding nothing", () => {
    const blind = checkTree("layers", { "src/readme.md": "" });
    expect(blind.ok).toBe(false);
    expect(blind.output).toContain("saw 0 modules");
  });
});
