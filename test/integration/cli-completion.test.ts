import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureShell } from "../../scripts/servers/ensure-shell.ts";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { cli } from "./cli-harness.ts";

let directory: string;
beforeAll(async () => {
  for (const shell of ["zsh", "fish"] as const) ensureShell(shell);
  directory = mkdtempSync(join(tmpdir(), "gocachex-completion-"));
  writeFileSync(join(directory, "my trace.csv"), "");
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout, exitCode } = await cli(["completion", shell]);
    expect(exitCode).toBe(0);
    writeFileSync(join(directory, `script.${shell}`), stdout);
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What bash offers for the last of some words. */
function offered(...words: string[]): string[] {
  const script = `source script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gocachex; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["-c", script, "bash", "gocachex", ...words], { cwd: directory, encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

describe("completion in bash", () => {
  it("offers all commands, and those that begin so", () => {
    expect(offered("")).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    expect(offered("he")).toEqual(["health", "help"]);
  });

  it("offers every option of every command, and of no other", () => {
    for (const { name, options } of COMMANDS) {
      const flags = [...options.map((option) => `--${option.name}`), "--json", "--quiet", "--help"];
      expect(offered(name, "--").sort()).toEqual(flags.sort());
    }
    expect(offered("get", "k", "--wa")).toEqual(["--watch"]);
  });

  it("offers the words and files that arguments and options may be, and no file for a key", () => {
    expect(offered("config", "")).toEqual(["print", "validate", "schema"]);
    expect(offered("completion", "z")).toEqual(["zsh"]);
    expect(offered("bench", "--distribution", "")).toEqual(["zipf", "uniform"]);
    expect(offered("replay", "my")).toEqual(["my trace.csv"]);
    expect(offered("stats", "-c", "my")).toEqual(["my trace.csv"]);
    expect(offered("get", "my")).toEqual([]);
    expect(offered("get", "--node", "")).toEqual([]);
  });

  it("knows the command also after options", () => {
    expect(offered("--json", "config", "s")).toEqual(["schema"]);
  });
});

describe("completion in other shells", () => {
  it("is a script that zsh takes", () => {
    execFileSync(ensureShell("zsh"), ["-n", "script.zsh"], { cwd: directory });
  });

  it("is a script that fish takes, and offers commands", () => {
    const fish = ensureShell("fish");
    execFileSync(fish, ["--no-execute", "script.fish"], { cwd: directory });
    const offers = execFileSync(fish, ["-c", 'source script.fish; complete -C "gocachex he"'], {
      cwd: directory,
      encoding: "utf8",
    });
    expect(offers).toMatch(/^health\t[\s\S]*help\t/m);
  });

  it("names every command in each, and refuses shells that it does not know", async () => {
    for (const shell of ["zsh", "fish"]) {
      const { stdout } = await cli(["completion", shell]);
      for (const { name } of COMMANDS) expect(stdout).toContain(name);
    }
    expect(await cli(["completion", "zhs"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("mean zsh"),
    });
  });
});
