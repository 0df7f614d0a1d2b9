import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import config, { LONG, SPOILING } from "../../vitest.config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VITEST = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

/** Which projects run a file, as Vitest itself says. */
function projectsByFile(): Map<string, string[]> {
  const json = execFileSync(process.execPath, [VITEST, "list", "--filesOnly", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const projects = new Map<string, string[]>();
  for (const { file, projectName } of JSON.parse(json) as { file: string; projectName: string }[]) {
    const name = relative(ROOT, file);
    projects.set(name, [...(projects.get(name) ?? []), projectName]);
  }
  return projects;
}

function testFiles(): string[] {
  return ["src", "test"]
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, String(name))))
    .filter((name) => name.endsWith(".test.ts"));
}

it("runs every test file in exactly one project", () => {
  const projects = projectsByFile();
  const others = testFiles()
    .map((file) => [file, projects.get(file) ?? []] as const)
    .filter(([, names]) => names.length !== 1);
  expect(others).toEqual([]);
  expect(projects.size).toBe(testFiles().length);
});

it.each(["integration-alone", "integration-isolated"])("names no file for %s that is not there any more", (name) => {
  const named = config.test?.projects?.find(
    (project) => typeof project === "object" && "test" in project && project.test?.name === name,
  ) as { readonly test: { readonly include: readonly string[] } };
  expect(named.test.include.length).toBeGreaterThan(0);
  expect(named.test.include.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

it("names no file that is to begin early, or last, and is not there any more", () => {
  expect([...LONG, ...SPOILING].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
