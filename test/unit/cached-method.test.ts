import ts from "typescript";
import { describe, expect, it } from "vitest";
import { cachedMethod } from "../../src/cache/cached-method.ts";
import { openMemoryCache } from "../support/open-cache.ts";

/** Runs TypeScript with standard decorators, which Node.js does not know yet. */
function run<Result>(source: string, names: Readonly<Record<string, unknown>>): Result {
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
  const { outputText } = ts.transpileModule(source, { compilerOptions: options });
  return new Function(...Object.keys(names), outputText)(...Object.values(names)) as Result;
}

interface Users {
  readonly region: string;
  calls: string[];
  find(id: number): Promise<string>;
  all(): Promise<string>;
}

const SOURCE = `
  class Users {
    calls = [];
    constructor(readonly region: string) {}

    @cachedMethod(cache, { key(this: Users, id: number) { return this.region + id; }, ttl: "5m" })
    async find(id: number): Promise<string> {
      this.calls.push("find");
      return this.region + ":" + id;
    }

    @cachedMethod(cache, { key: "all" })
    async all(): Promise<string> {
      this.calls.push("all");
      return "all";
    }
  }
  return Users;
`;

describe("cachedMethod", () => {
  it("decorates methods of a class, whose instances share the entries", async () => {
    const { cache } = openMemoryCache();
    const Users = run<new (region: string) => Users>(SOURCE, { cache, cachedMethod });
    const [one, same, other] = [new Users("eu"), new Users("eu"), new Users("us")];
    expect([await one.find(1), await same.find(1), await other.find(1), await one.find(1)]).toEqual([
      "eu:1",
      "eu:1",
      "us:1",
      "eu:1",
    ]);
    expect([one.calls, same.calls, other.calls]).toEqual([["find"], [], ["find"]]);
    expect([await one.all(), await other.all()]).toEqual(["all", "all"]);
    expect(other.calls).toEqual(["find"]);
    expect(await cache.ttl("eu1")).toBe(300_000);
    expect(one.find.name).toBe("find");
  });

  it("refuses wrong options where the class is defined", () => {
    const { cache } = openMemoryCache();
    const source = 'class A { @cachedMethod(cache, { key: "k" }) async find(id) {} }';
    expect(() => run(source, { cache, cachedMethod })).toThrow(
      expect.objectContaining({ code: "GCX_ARGUMENT_OPTION", argument: "key" }),
    );
  });

  it("refuses what is no method", () => {
    const { cache } = openMemoryCache();
    const source = 'class A { @cachedMethod(cache, { key: "k" }) get all() { return 1; } }';
    expect(() => run(source, { cache, cachedMethod })).toThrow(
      expect.objectContaining({ code: "GCX_ARGUMENT_OPTION", argument: "context" }),
    );
  });

  it("keeps the method's type", async () => {
    const { cache } = openMemoryCache();
    const decorate = cachedMethod(cache, { key: (id: number) => `user:${id}` });
    const context = { kind: "method", name: "find" } as unknown as ClassMethodDecoratorContext;
    const find: (id: number) => Promise<string> = decorate(async (id: number) => `${id}`, context);
    expect(await find(1)).toBe("1");
    expect(await cache.get("user:1")).toBe("1");
    // @ts-expect-error the key is made of other arguments
    decorate(async (id: string) => id, context);
    // @ts-expect-error a method that returns no promise would change its type
    decorate((id: number) => id, context);
  });
});
