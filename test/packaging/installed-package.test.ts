import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsumerProject, installInEmptyProject, type PackedPackage, PROJECT_ROOT } from "./packed-package.ts";

let consumer: ConsumerProject & PackedPackage;

beforeAll(() => {
  consumer = installInEmptyProject();
});

afterAll(() => consumer?.remove());

/** What every consumer does, whatever its module system. */
const PROGRAM = `
  const cache = createCache({ backend: "memory" });
  await cache.set("greeting", "hello", "1m");
  const values = [
    await cache.get("greeting"),
    await cache.get("nothing"),
    await cache.getOrSet("loaded", async ({ key }) => key.length, { ttl: "5m", tags: ["numbers"] }),
    await cache.increment("count", 2),
  ];
  await cache.close();
  const error = await cache.get("greeting").catch((reason) => reason);
  console.log(JSON.stringify([...values, error instanceof GocachexError, error.code]));
`;
const PRINTED = '["hello",null,6,2,true,"GCX_CACHE_CLOSED"]\n';

describe("the packed package, installed in an empty project", () => {
  it("holds what is published and nothing else", () => {
    const outside = consumer.files.filter((file) => !/^(dist|docs|examples)\//.test(file));
    const pages = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "README.pt-BR.md"];
    expect(outside).toEqual([...pages, "SECURITY.md", "package.json"]);
    const toRead = consumer.files.filter((file) => /^(docs|examples)\//.test(file));
    // What peers and programs in other languages speak, a session of the shell, what a collector of traces is sent, and the catalogue behind an example's source.
    expect(toRead.filter((file) => !/\.(md|mjs|svg)$/.test(file))).toEqual([
      "docs/proto/gocachex/coherence/v1/coherence.proto",
      "docs/proto/gocachex/v1/cache.proto",
      "examples/cli/session.sh",
      "examples/microservices/otlp-traces.proto",
      "examples/webserver/products.json",
    ]);
    const inside = consumer.files.filter((file) => file.startsWith("dist/"));
    const odd = inside.filter((file) => !/\.(mjs|cjs|d\.mts|d\.cts)$/.test(file) && file !== "dist/config.schema.json");
    // The dashboard: a page and files whose names carry a hash.
    const page = odd.map((file) => file.replace(/-[\w-]{8}\./, "-HASH.")).sort();
    expect(page).toEqual([
      "dist/dashboard/assets/icon-HASH.svg",
      "dist/dashboard/assets/index-HASH.css",
      "dist/dashboard/assets/index-HASH.js",
      "dist/dashboard/index.html",
    ]);
    expect(inside).toContain("dist/config.schema.json");
    // The plug-in's conformance test is what that example is about.
    const tests = consumer.files.filter((file) => /\.test\.|fixture|\.tmp/.test(file));
    expect(tests).toEqual(["examples/plugin/conformance.test.mjs"]);
  });

  it("holds every file that package.json names", () => {
    const { exports, bin, main, module, types } = JSON.parse(readFileSync(`${PROJECT_ROOT}package.json`, "utf8"));
    const named = JSON.stringify({ exports, bin, main, module, types }).matchAll(/"(?:\.\/)?((?:dist\/)[^"]+)"/g);
    const paths = [...named].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !consumer.files.includes(path as string))).toEqual([]);
  });

  it("brings no other package with it", () => {
    const tree = spawnSync("npm", ["ls", "--all", "--json"], { cwd: consumer.folder, encoding: "utf8" }).stdout;
    const { dependencies } = JSON.parse(tree) as {
      dependencies: Record<string, { dependencies?: Record<string, { version?: string }> }>;
    };
    expect(Object.keys(dependencies)).toEqual(["gocachex"]);
    // npm lists optional peers that are not there without a version.
    const installed = Object.entries(dependencies["gocachex"]?.dependencies ?? {}).filter(
      ([, { version }]) => version !== undefined,
    );
    expect(installed).toEqual([]);
  });

  it("works from an ES module", () => {
    consumer.write("main.mjs", `import { createCache, GocachexError } from "gocachex";\n${PROGRAM}`);
    expect(consumer.runNode("main.mjs")).toBe(PRINTED);
  });

  it("works from a CommonJS module", () => {
    const program = `(async () => {${PROGRAM}})();`;
    consumer.write("main.cjs", `const { createCache, GocachexError } = require("gocachex");\n${program}`);
    expect(consumer.runNode("main.cjs")).toBe(PRINTED);
  });

  it("knows an error of its other half when both module systems are in one process", () => {
    consumer.write(
      "both.mjs",
      `import { createRequire } from "node:module";
       import { GocachexError } from "gocachex";
       const { createCache } = createRequire(import.meta.url)("gocachex");
       try { createCache({ backend: 5 }); } catch (error) { console.log(error instanceof GocachexError); }`,
    );
    expect(consumer.runNode("both.mjs")).toBe("true\n");
  });

  it.each(["gocachex/server", "gocachex/testing"])("offers %s to both module systems, with the same names", (entry) => {
    const print = "console.log(JSON.stringify(Object.keys(entry).filter((name) => name !== 'default').sort()));";
    consumer.write("entry.mjs", `import * as entry from "${entry}";\n${print}`);
    consumer.write("entry.cjs", `const entry = require("${entry}");\n${print}`);
    const names = consumer.runNode("entry.mjs");
    expect(JSON.parse(names).length).toBeGreaterThan(0);
    expect(consumer.runNode("entry.cjs")).toBe(names);
  });

  it("offers the JSON Schema of its configuration", () => {
    consumer.write(
      "schema.cjs",
      'console.log(require("gocachex/config.schema.json").properties.backend !== undefined);',
    );
    expect(consumer.runNode("schema.cjs")).toBe("true\n");
  });

  it("keeps its inside to itself", () => {
    consumer.write("inside.cjs", 'require("gocachex/dist/index.cjs");');
    expect(() => consumer.runNode("inside.cjs")).toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it("has a command that answers", () => {
    const version = consumer.runNode("node_modules/.bin/gocachex", "--version");
    expect(version).toContain(
      (JSON.parse(readFileSync(`${PROJECT_ROOT}package.json`, "utf8")) as { version: string }).version,
    );
  });
});

const TYPED_BODY = `
  interface User { readonly id: number; readonly name: string }
  export async function use(signal: AbortSignal): Promise<User | undefined> {
    const cache: Cache = createCache({ backend: "memory", memory: { maxSize: "10MB", evictionPolicy: "lru" } });
    await cache.set("user", { id: 1, name: "a" }, { ttl: "1m", tags: ["users"], signal });
    const loaded: User = await cache.getOrSet("user", async (): Promise<User> => ({ id: 2, name: "b" }), { tags: ["users"] });
    const name: string = loaded.name;
    const count: number = await cache.increment("count");
    const big: bigint = await cache.increment("count", 1n);
    const off: () => void = cache.on("hit", (event) => void event.key);
    off();
    // @ts-expect-error there is no such option
    createCache({ bakend: "memory" });
    // @ts-expect-error a value is not a promise of another type
    const wrong: number = await cache.getOrSet("user", async () => "text");
    await cache.close();
    return name === "" && count === 0 && big === 0n && wrong === 0 ? undefined : await cache.get<User>("user");
  }
`;

describe("the packed package's types, in a strict project", () => {
  it("fit ES modules and CommonJS, with every library file checked", () => {
    consumer.write("types/esm.mts", `import { type Cache, createCache } from "gocachex";\n${TYPED_BODY}`);
    consumer.write(
      "types/cjs.cts",
      `import gocachex = require("gocachex");
       type Cache = gocachex.Cache;
       const { createCache } = gocachex;
       ${TYPED_BODY}`,
    );
    consumer.write(
      "types/entries.mts",
      'import * as server from "gocachex/server";\nimport * as testing from "gocachex/testing";\nexport { server, testing };\n',
    );
    const compilerOptions = {
      ...{ module: "nodenext", target: "es2023", lib: ["es2023", "esnext.disposable"], strict: true, noEmit: true },
      ...{ exactOptionalPropertyTypes: true, skipLibCheck: false, types: ["node"] },
      typeRoots: [`${PROJECT_ROOT}node_modules/@types`],
    };
    consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["types"] }));
    const compiler = `${PROJECT_ROOT}node_modules/typescript7/bin/tsc`;
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", "."], {
      cwd: consumer.folder,
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });
});
