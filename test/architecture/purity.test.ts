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
  ['import { readFile } from "fs"; void readFile;', "node:fs"],
  ['export * from "fs/promises";', "node:fs/promises"],
  ['export const a = import("fs");', "node:fs"],
  ["export const a = import(`fs`);", "node:fs"],
  ["export const load = (name: string): unknown => import(name);", "import()"],
  ["const { random } = Math; export const a = random();", "Math"],
  ["export const numbers = { Math };", "Math"],
  ["export const a = Math['random']();", "Math.random"],
  ["export const read = (name: 'random'): unknown => Math[name];", "Math"],
  ["const { env } = process; export const a = env;", "process"],
  ["export const a = process['env'];", "process.env"],
  ["import process from 'process'; export const a = process;", "node:process"],
  ["const D = Date; export const a = D.now();", "Date"],
  ["const { now } = Date; export const a = now();", "Date"],
  ["export const a = Date['now']();", "Date.now"],
  ["export const a = Date();", "Date()"],
  ["export class Today extends Date {}", "Date"],
  ["export const a = [Date][0];", "Date"],
  ["const p = performance; export const a = p.now();", "performance"],
  ["export const a = performance['now']();", "performance"],
  ["export const a = globalThis['Date']['now']();", "Date.now"],
  ["export const a = globalThis['setTimeout'];", "setTimeout"],
  ["const g = globalThis; export const a = g;", "globalThis"],
  ["export const a = global.process;", "process"],
  ["const { timeout } = AbortSignal; export const a = timeout(5);", "AbortSignal"],
  ["export const a = (wait = setTimeout) => wait;", "setTimeout"],
  ["export const a = new Function('return process');", "Function"],
  ["export const a = eval('process');", "eval"],
];

const PURE = `
  import { types } from "node:util";
  export interface Clock { now(): number; performance: number; setTimeout(): void }
  export function read(clock: Clock, performance: { readonly x: 1 }): number { return clock.now() + clock.performance; }
  export const fixed = new Date(0);
  export const other = { setTimeout: 1 };
  export const isDate = types.isDate;
  export const isSame = (value: unknown): boolean => value instanceof Date && !(value instanceof AbortSignal);
  export const copy = (date: Date): Date => new Date(date.getTime());
  export const floor = Math.floor(Math["PI"]);
  export const either = (a: AbortSignal, b: AbortSignal): AbortSignal => AbortSignal.any([a, b]);
  export interface When extends Date { readonly Math: number }
  export const { Date: other2, random } = { Date: 1, random: 2 };
  export const inspectIt = import("node:util");
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
