/** Proves the store. Run it after a build: node --test examples/plugin/conformance.test.mjs */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { defineBackendConformance } from "gocachex/testing";
import { createFilesBackend } from "./files-backend.mjs";

defineBackendConformance({
  name: "files",
  time: "fake", // the store asks the host's clock and no other, so the kit can move time
  exclusiveData: true,
  timeoutMs: 30_000, // a thousand files take a while on a slow disk
  runner: { describe, it },
  async create(host) {
    const directory = await mkdtemp(join(tmpdir(), "gocachex-files-"));
    const open = () => createFilesBackend({ directory }, host);
    return {
      backend: open(),
      openSecond: open, // what is promised must hold between clients too
      dispose: () => rm(directory, { recursive: true, force: true }),
    };
  },
});
