import { describe, expect, it } from "vitest";
import { checkTree } from "./fixture-tree.ts";

const ENTRIES = { "scripts/package-entries.json": '{ ".": "src/index.ts", "./server": "src/server/index.ts" }' };

function lines(count: number): string {
  return "export {};\n".repeat(count);
}

describe("the file check", () => {
  const bad = checkTree("files", {
    ...ENTRIES,
    "src/memory/long.ts": lines(401),
    "src/memory/long.test.ts": lines(601),
    "test/unit/long-support.ts": lines(601),
    ...Object.fromEntries(
      ["types", "utils", "helpers", "common", "manager", "base", "string-utils"].map((name) => [
        `src/cache/${name}.ts`,
        "",
      ]),
    ),
    "src/cache/camelCase.ts": "",
    "src/cache/index.ts": 'export { a } from "./a.ts";\n',
    "src/index.ts": 'export * from "./a.ts";\nexport const made = 1;\n',
    "src/server/index.ts": 'import { a } from "./a.ts";\nexport { a };\n',
  });

  it("fails", () => expect(bad.ok).toBe(false));

  it.each([
    ["src/memory/long.ts: 401 lines, at most 400"],
    ["src/memory/long.test.ts: 601 lines, at most 600"],
    ["test/unit/long-support.ts: 601 lines, at most 600"],
    ...["types", "utils", "helpers", "common", "manager", "base"].map((name) => [
      `src/cache/${name}.ts: "${name}" says nothing`,
    ]),
    ["src/cache/string-utils.ts: "],
    ["src/cache/camelCase.ts: file names are kebab-case"],
    ["src/cache/index.ts: an index.ts is an entry of package.json#exports"],
    ["src/index.ts: an entry only re-exports by name, not: export *"],
    ["src/index.ts: an entry only re-exports by name, not: export const made"],
    ["src/server/index.ts: an entry only re-exports by name, not: import"],
  ])("says %s", (message) => {
    expect(bad.output).toContain(message);
  });

  it("has nothing to say about files at the limit and entries that re-export by name", () => {
    const { ok, output } = checkTree("files", {
      ...ENTRIES,
      "src/memory/store.ts": lines(400),
      "src/memory/store.test.ts": lines(600),
      "src/index.ts": 'export { a } from "./a.ts";\nexport type { B } from "./b.ts";\n',
      "src/server/index.ts": 'export { type C, c } from "./c.ts";\n',
    });
    expect(output).toContain(" 0 problems");
    expect(ok).toBe(true);
  });
});
