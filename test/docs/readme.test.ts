import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type CodeBlock, readMarkdown } from "../../scripts/reference/markdown-blocks.ts";
import { snippetModule } from "./snippet-module.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const guide = existsSync(`${root}docs/guide`)
  ? readdirSync(`${root}docs/guide`).filter((name) => name.endsWith(".md"))
  : [];
const documents = ["README.md", "README.pt-BR.md", ...guide.map((name) => `docs/guide/${name}`)];

interface Snippet extends CodeBlock {
  readonly document: string;
  readonly place: string;
}

function read(document: string): string {
  return existsSync(root + document) ? readFileSync(root + document, "utf8") : "";
}

const snippets: readonly Snippet[] = documents.flatMap((document) =>
  readMarkdown(read(document)).blocks.map((block) => ({ ...block, document, place: `${document}:${block.line}` })),
);
const isProgram = ({ language }: Snippet): boolean =>
  ["js", "ts", "mjs", "javascript", "typescript"].includes(language);
/** The Portuguese README's code is the English one's, as tested below, so it runs once. */
const programs = snippets.filter(
  (snippet) => isProgram(snippet) && !snippet.flags.includes("no-run") && snippet.document !== "README.pt-BR.md",
);
const shellBlocks = snippets.filter(({ language }) => ["sh", "bash", "shell", "console"].includes(language));

/** Inside the project, so that `import "gocachex"` resolves through `package.json#exports`, as it does for users. */
const snippetFolder = `${root}.tmp/snippets/`;

/** Longer than any snippet may take, and it must end by itself: one that hangs forgot to close its cache. */
const RUN_TIMEOUT_MS = 20_000;

async function runSnippet({
  code,
  place,
}: Snippet): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  mkdirSync(snippetFolder, { recursive: true });
  const file = `${snippetFolder}${place.replace(/[^\w]+/g, "-")}.mjs`;
  writeFileSync(file, snippetModule(code).text);
  const child = spawn(process.execPath, [file], { cwd: snippetFolder, timeout: RUN_TIMEOUT_MS, killSignal: "SIGKILL" });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { exitCode, output };
}

describe("snippets in the documentation", () => {
  it("run in README.md, with values that are checked", () => {
    const own = programs.filter(({ document }) => document === "README.md");
    expect(own.length).toBeGreaterThan(0);
    expect(own.reduce((sum, { code }) => sum + snippetModule(code).checkCount, 0)).toBeGreaterThan(0);
  });

  it.each(programs)("$place runs to its end", async (snippet) => {
    const { exitCode, output } = await runSnippet(snippet);
    expect(output).not.toMatch(/UnhandledPromiseRejection|MaxListenersExceeded/);
    expect({ exitCode, output: exitCode === 0 ? "" : output }).toEqual({ exitCode: 0, output: "" });
  });
});

describe("the snippet runner", () => {
  const snippet = (code: string): Snippet => ({
    language: "ts",
    flags: [],
    code,
    line: 1,
    document: "",
    place: "self-test",
  });

  it("fails on a value that is not what the comment says", async () => {
    const { exitCode, output } = await runSnippet(snippet("const sum: number = 1 + 1; // => 3"));
    expect(exitCode).not.toBe(0);
    expect(output).toContain("1 + 1 is 2, not 3");
  });

  it("passes when values are what the comments say, wherever the comment may stand", async () => {
    const code = [
      "const x = await Promise.resolve({ a: [1, -2n] }); // => { a: [1, -2n] }",
      "x.a.length; // => 2",
      "if (x) {\n  console.log(x.a[0]); // => 1\n}",
      "x.a[7] // => undefined",
      "x.a; // => whatever it was",
    ].join("\n");
    expect(snippetModule(code).checkCount).toBe(4);
    expect((await runSnippet(snippet(code))).exitCode).toBe(0);
  });

  it("fails on an exception", async () => {
    expect((await runSnippet(snippet("throw new Error('no');"))).exitCode).not.toBe(0);
  });
});

describe("commands in the documentation", () => {
  const lines = shellBlocks.flatMap(({ code, place }) =>
    code.split("\n").map((line) => ({ line: line.trim(), place })),
  );

  it("names only make targets that exist", () => {
    const targets = new Set(
      [...readFileSync(`${root}Makefile`, "utf8").matchAll(/^([a-z][a-z-]*):/gm)].map(([, name]) => name),
    );
    const used = lines.flatMap(({ line, place }) =>
      [...line.matchAll(/\bmake ([a-z][a-z-]*)/g)].map(([, target]) => ({ target, place })),
    );
    expect(used.filter(({ target }) => !targets.has(target))).toEqual([]);
  });

  it("names only commands that the command line has", () => {
    const help = spawnSync(process.execPath, [`${root}dist/cli.mjs`, "--help"], { encoding: "utf8" }).stdout;
    const commands = new Set([...help.matchAll(/^\s+(?:gocachex )?([a-z][a-z-]*)\b/gm)].map(([, name]) => name));
    const used = lines.flatMap(({ line, place }) =>
      [...line.matchAll(/^(?:\$ )?(?:npx )?gocachex ([a-z][a-z-]*)/g)].map(([, command]) => ({ command, place })),
    );
    expect(used.filter(({ command }) => !commands.has(command))).toEqual([]);
  });
});

describe("the Portuguese README", () => {
  const english = readMarkdown(read("README.md"));
  const portuguese = readMarkdown(read("README.pt-BR.md"));

  it("has the headings of the English one, level by level", () => {
    expect(english.headings.length).toBeGreaterThan(0);
    expect(portuguese.headings.map(({ level }) => level)).toEqual(english.headings.map(({ level }) => level));
  });

  it("has the same code", () => {
    const code = ({ blocks }: typeof english): unknown =>
      blocks.map(({ language, flags, code }) => ({ language, flags, code }));
    expect(code(portuguese)).toEqual(code(english));
  });
});
