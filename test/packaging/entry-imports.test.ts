import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { moduleGraph } from "./module-graph.ts";
import { PROJECT_ROOT } from "./packed-package.ts";

const dist = join(PROJECT_ROOT, "dist");

/** What loading an entry may load of Node. Nothing of anybody else: optional libraries come when they are used. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  // node:fs/promises is for loadConfig; Node itself has loaded it by the time a program starts. node:crypto and node:zlib are for values
  // that become bytes: a cache is made in one synchronous step, so they cannot wait for one that needs them.
  index: [
    ...["node:async_hooks", "node:buffer", "node:diagnostics_channel", "node:fs/promises", "node:os", "node:path"],
    ...["node:crypto", "node:util", "node:v8", "node:zlib"],
  ],
  // The library, node:dns and node:tls come when a node is opened.
  grpc: ["node:crypto", "node:fs/promises", "node:os"],
  // Sockets, and for Redis the library, come with the first connection. (node:process would open this process's own streams.)
  memcached: ["node:buffer", "node:crypto", "node:fs/promises", "node:os"],
  // pino comes with the first line. (node:tty asks whether somebody looks.)
  logging: ["node:crypto", "node:tty"],
  // @opentelemetry/api comes with the first traceCache. node:crypto and node:os are those of the cache that it shares chunks with.
  opentelemetry: ["node:crypto", "node:os"],
  // No driver of a database: the application brings its own.
  outbox: [],
  // prom-client and the server of its own come when they are used.
  prometheus: [],
  redis: ["node:buffer", "node:crypto", "node:fs/promises", "node:os"],
  sharding: ["node:buffer", "node:crypto", "node:os"],
  testing: ["node:assert", "node:crypto", "node:events", "node:os", "node:util", "node:v8"],
  // The dashboard's files lie beside its code ("url" is how the bundler spells import.meta.url in CommonJS); buffers and the name of the machine are those of the gRPC API.
  server: [
    ...["node:buffer", "node:crypto", "node:diagnostics_channel", "node:events", "node:fs/promises", "node:http"],
    ...["node:os", "node:path", "node:url", "node:util", "url"],
  ],
};

const files = Object.keys(ALLOWED).flatMap((entry) => [`${entry}.mjs`, `${entry}.cjs`]);

describe("what an entry of the package loads", () => {
  it("is known for every entry of package.json#exports", () => {
    const { exports } = JSON.parse(readFileSync(`${PROJECT_ROOT}package.json`, "utf8")) as { exports: object };
    const code = Object.entries(exports).filter(([, target]) => typeof target === "object");
    expect(code.map(([entry]) => (entry === "." ? "index" : entry.slice(2)))).toEqual(
      expect.arrayContaining(Object.keys(ALLOWED)),
    );
    expect(code.length).toBe(Object.keys(ALLOWED).length);
  });

  it.each(files)("%s loads its own chunks and what is on its list", (file) => {
    const { external } = moduleGraph(join(dist, file));
    const allowed = ALLOWED[file.split(".")[0] as string] as readonly string[];
    expect([...external].filter((specifier) => !allowed.includes(specifier))).toEqual([]);
  });

  it.each(["index.mjs", "index.cjs"])("%s loads neither the server nor the command line nor the test kit", (file) => {
    const graph = moduleGraph(join(dist, file));
    const text = [...graph.files].map((own) => readFileSync(own, "utf8")).join("\n");
    expect(text).not.toMatch(/#region src\/(server|cli|testing)\//);
    // The marker must exist, or its absence says nothing.
    expect(text).toMatch(/#region src\/cache\//);
  });

  it.each(["index.mjs", "index.cjs"])("%s loads at run time what its imports say", (file) => {
    const script = `import(${JSON.stringify(join(dist, file))}).then(() => console.log(JSON.stringify(process.moduleLoadList)))`;
    const loaded = JSON.parse(execFileSync(process.execPath, ["--eval", script], { encoding: "utf8" })) as string[];
    for (const heavy of ["http", "https", "net", "tls", "http2", "worker_threads", "child_process"]) {
      expect(loaded).not.toContain(`NativeModule ${heavy}`);
    }
  });

  it("is never the command line, which would run", () => {
    const built = readdirSync(dist).filter((name) => /\.[cm]js$/.test(name) && name !== "cli.mjs");
    const imports = (name: string): readonly string[] => {
      const { files: own, lazy } = moduleGraph(join(dist, name));
      return [...[...own].map((file) => basename(file)), ...[...lazy].map((specifier) => basename(specifier))];
    };
    expect(built.filter((name) => imports(name).includes("cli.mjs"))).toEqual([]);
    // The marker must exist, or its absence says nothing.
    expect(moduleGraph(join(dist, "cli.mjs")).files.size).toBeGreaterThan(1);
  });

  it("is code that the package has: no chunk is dead", () => {
    const reached = new Set(
      [...files, "cli.mjs"].flatMap((file) => {
        const { files: own, lazy } = moduleGraph(join(dist, file));
        const later = [...lazy].filter((specifier) => specifier.startsWith("."));
        return [...own, ...later.flatMap((specifier) => [...moduleGraph(join(dist, specifier)).files])];
      }),
    );
    const built = readdirSync(dist).filter((name) => /\.[cm]js$/.test(name));
    expect(built.filter((name) => !reached.has(join(dist, name)))).toEqual([]);
  });
});

describe("the import check", () => {
  it("tells static from lazy imports, in both module systems, through chunks", () => {
    const folder = mkdtempSync(join(tmpdir(), "gocachex-graph-"));
    writeFileSync(
      join(folder, "a.mjs"),
      'import "node:http"; export * from "./b.mjs"; const f = () => import("lazy-one");',
    );
    writeFileSync(join(folder, "b.mjs"), 'import x from "library"; await import("lazy-two");');
    writeFileSync(join(folder, "c.cjs"), 'const d = require("./d.cjs"); function f() { require("lazy-three"); }');
    writeFileSync(join(folder, "d.cjs"), 'require("node:net");');
    const esm = moduleGraph(join(folder, "a.mjs"));
    const cjs = moduleGraph(join(folder, "c.cjs"));
    rmSync(folder, { recursive: true });
    expect([...esm.external].sort()).toEqual(["library", "node:http"]);
    expect([...esm.lazy].sort()).toEqual(["lazy-one", "lazy-two"]);
    expect([...cjs.external]).toEqual(["node:net"]);
    expect([...cjs.lazy]).toEqual(["lazy-three"]);
  });
});
