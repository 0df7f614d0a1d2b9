import { describe, expect, it } from "vitest";
import { loadAll } from "./sdk-packages.ts";

const there = (name: string): { name: string; purpose: string; range: string; load: () => Promise<string> } => ({
  ...{ name, purpose: "Tracing", range: "^1.0.0" },
  load: async () => name,
});
const missing = (name: string): ReturnType<typeof there> => ({
  ...there(name),
  load: () => Promise.reject(new Error(`Cannot find package ${name}`)),
});

describe("several optional packages", () => {
  it("are loaded in their order", async () => {
    expect(await loadAll<[string, string]>([there("a"), there("b")])).toEqual(["a", "b"]);
  });

  it("are all named when some are missing, with one command that installs them", async () => {
    const loading = loadAll<[string, string, string]>([missing("@x/a"), there("b"), missing("c")]);
    await expect(loading).rejects.toMatchObject({
      code: "GCX_DEPENDENCY_MISSING",
      dependency: "@x/a",
      message:
        'Tracing needs packages that are not installed or do not load: @x/a, c. Run: npm install "@x/a@^1.0.0" "c@^1.0.0"',
      cause: { message: "Cannot find package @x/a" },
    });
  });
});
