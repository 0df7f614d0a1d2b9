import { describe, expect, it } from "vitest";
import { checkTree } from "./fixture-tree.ts";

/** Uses of the platform that make code impossible to simulate, each with the name that the check must print. */
const IMPURE: ReadonlyArray<readonly [code: string, what: string]> = [
  ["export const a = Date.now();", "Date.now"],
  ["export const a = new Date();", "Date()"],
  ["export const a = globalThis.Date.now();", "Date.now"],
  ["export const a = performance.now();", "performance"],
  ["export const a = globalThis.performance;", "performance"],
  ["setTimeout(() => {}, 1);", "setTimeout"],
  ["export const later = setTimeout;", "setTimeout"],
  ["globalThis.setTimeout(() => {}, 1);", "setTimeout"],
  ["setInterval(() => {}, 1);", "setInterval"],
  ["setImmediate(() => {});", "setImmediate"],
  ["export const a = Math.random();", "Math.random"],
  ["export const a = crypto.randomUUID();", "crypto"],
  ["export const a = AbortSignal.timeout(5);", "AbortSignal.timeout"],
  ["export const a = process.env['HOME'];", "process.env"],
  ["export const a = process.hrtime();", "process.hrtime"],
  ["void fetch('x:');", "fetch"],
  ["import 'node:fs';", "node:fs"],
  ["import { connect } from 'node:net'; connect(1);", "node:net"],
  ["import { setTimeout as wait } from 'node:timers/promises'; wait(1);", "node:timers/promises"],
  ["export { readFile } from 'node:fs/promises';", "node:fs/promises"],
  ["export const a = import('node:http');", "node:http"],
];

const PURE = `
  import { types } from "node:util";
  export interface Clock { now(): number; performance: number; setTimeout(): void }
  export function read(clock: Clock, performance: { readonly x: 1 }): number { return clock.now() + clock.performance; }
  export const fixed = new Date(0);
  export const other = { setTimeout: 1 };
  export const isDate = types.isDate;
  process.emitWarning("a listener threw");
`;

describe("the purity check", () => {
  const files = Object.fromEntries(IMPURE.map(([code], index) => [`src/memory/case-${index}.ts`, `${code}\n`]));
  const impure = checkTree("purity", files);

  it.each(IMPURE.map((entry, index) => [...entry, index] as const))("objects to %s", (_code, what, index) => {
    expect(impure.ok).toBe(false);
    expect(impure.output).toContain(`src/memory/case-${index}.ts:1 uses ${what};`);
  });

  const rooms = [
    "foundation",
    "entry",
    "events",
    "backend",
    "codec",
    "coherence",
    "memory",
    "tiers",
    "sharding",
    "loading",
  ];

  it("looks into every room from L0 to L4, at any depth", () => {
    const all = [...rooms, "atomic", "cache"].map((room) => `src/${room}/deep/down.ts`);
    const { output } = checkTree(
      "purity",
      Object.fromEntries(all.map((file) => [file, "export const a = Date.now();\n"])),
    );
    for (const file of all) expect(output).toContain(`${file}:1 uses Date.now`);
  });

  it("looks at the composition root", () => {
    expect(checkTree("purity", { "src/create-cache.ts": "export const a = process.env;\n" }).ok).toBe(false);
  });

  it("has nothing to say about pure code, tests, apps and the files that wrap the platform", () => {
    const { ok, output } = checkTree("purity", {
      "src/memory/pure.ts": PURE,
      "src/memory/store.test.ts": "setTimeout(() => {}, 1);\n",
      "src/server/node.ts": "import 'node:http';\nexport const a = Date.now();\n",
      "src/foundation/clock.ts": "export const a = Date.now() + performance.now();\n",
      "src/events/event-hub.ts": "import 'node:diagnostics_channel';\n",
    });
    expect(output).toContain("0 violations");
    expect(ok).toBe(true);
  });

  it("lets a wrapper wrap its own part of the platform only", () => {
    const { output } = checkTree("purity", { "src/foundation/clock.ts": "export const a = Math.random();\n" });
    expect(output).toContain("clock.ts:1 uses Math.random");
  });
});
