import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { documentedSymbols } from "./documented-symbols.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const entries = JSON.parse(readFileSync(`${root}scripts/package-entries.json`, "utf8")) as Record<string, string>;

/** Members such as `readonly key: string` may speak for themselves, but few do. */
const MIN_MEMBER_RATIO = 0.95;

describe("docstrings", () => {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram(
    Object.values(entries).map((file) => root + file),
    options,
  );
  const symbols = documentedSymbols(
    program,
    Object.values(entries).map((file) => root + file),
  );
  const membersWithout = symbols.members.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name);

  it("stand on every export of every entry", () => {
    expect(symbols.exports.length).toBeGreaterThan(0);
    expect(symbols.exports.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name)).toEqual([]);
  });

  it("stand on at least 95 % of the members of exported interfaces and classes", () => {
    const ratio = 1 - membersWithout.length / symbols.members.length;
    expect(ratio, `${symbols.members.length} members, without: ${membersWithout.join(", ")}`).toBeGreaterThanOrEqual(
      MIN_MEMBER_RATIO,
    );
  });
});

describe("the docstring check", () => {
  it("finds what has none", () => {
    const file = `${root}test/docs/undocumented.ts`;
    const text = `/** Has one. */ export interface Told {
        /** Yes. */ a: 1;
        b: 2 }
      export const silent = 1;
      export interface Mute { c: 3 }`;
    const host = ts.createCompilerHost({});
    const readSource = host.getSourceFile.bind(host);
    host.getSourceFile = (name, version) =>
      name === file ? ts.createSourceFile(name, text, version, true) : readSource(name, version);
    const program = ts.createProgram([file], { noLib: true, types: [] }, host);
    const { exports, members } = documentedSymbols(program, [file]);
    const without = [...exports, ...members].filter(({ isDocumented }) => !isDocumented).map(({ name }) => name);
    expect(without).toEqual(["silent", "Mute", "Told.b", "Mute.c"]);
  });
});
