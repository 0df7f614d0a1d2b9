/** A store that keeps each entry in a file of its own: a cache that survives its process, shared by the processes of a machine. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { BackendError, BackendUnavailableError, ConfigError, defineBackend } from "gocachex";
import { createDirectoryLock } from "./directory-lock.mjs";

/** Builds the store; a factory for `registerBackend("files", createFilesBackend)`. Opens nothing. */
export function createFilesBackend({ directory }, { clock }) {
  if (typeof directory !== "string") {
    throw new ConfigError("GCX_CONFIG_INVALID", "files.directory", "files.directory must be the path of a directory.");
  }
  const lock = createDirectoryLock(join(directory, "lock"));
  const running = new Set();

  function tracked(work) {
    running.add(work);
    work.finally(() => running.delete(work)).catch(() => undefined);
    return work;
  }

  /** Keys may be longer than file names, and contain anything: the name is a digest, and the key itself is in the file. */
  const pathOf = (key) => join(directory, `${createHash("sha256").update(key).digest("hex")}.entry`);

  /** Needs no lock: a file that is there is whole. */
  async function readLive(path) {
    const bytes = await readFile(path).catch(undefinedWhenAbsent);
    const entry = bytes === undefined ? undefined : deserialize(bytes);
    return entry !== undefined && entry.expiresAt > clock.wallMs() ? entry : undefined;
  }

  function write(key, { value, ttlMs, condition, returnPrevious }) {
    return lock.hold(async (version) => {
      const path = pathOf(key);
      const previous = await readLive(path);
      const found = previous?.version ?? 0;
      const expected = condition?.kind === "version" ? condition.version : 0;
      if (condition !== undefined && found !== expected) return { stored: false, version: found };
      await writeFile(`${path}.new`, serialize({ key, value, version, expiresAt: clock.wallMs() + ttlMs, tags: [] }));
      await rename(`${path}.new`, path); // a reader sees the old file or the new one, never a part
      return returnPrevious ? { stored: true, version, previous } : { stored: true, version };
    });
  }

  async function remove(key) {
    const path = pathOf(key);
    if ((await readLive(path)) === undefined) return false;
    return lock.hold(async () => {
      const entry = await readLive(path);
      await unlink(path).catch(undefinedWhenAbsent);
      return entry !== undefined;
    });
  }

  return defineBackend({
    name: "files",
    capabilities: { storage: "bytes", conditionalWrites: true },
    async connect() {
      try {
        await mkdir(directory, { recursive: true });
        await lock.prepare();
      } catch (cause) {
        throw new BackendUnavailableError("files", "connect", "The directory cannot be used.", { cause });
      }
    },
    close: () => Promise.allSettled(running).then(() => undefined),
    get: (key) => translated("get", readLive(pathOf(key))),
    set: (key, entry) => translated("set", tracked(write(key, entry))),
    delete: (key) => translated("delete", tracked(remove(key))),
    async *scan(prefix) {
      for (const name of await translated("scan", readdir(directory))) {
        if (!name.endsWith(".entry")) continue;
        const entry = await translated("scan", readLive(join(directory, name)));
        if (entry?.key.startsWith(prefix)) yield [entry.key];
      }
    },
  });
}

function undefinedWhenAbsent(error) {
  if (error.code !== "ENOENT") throw error;
}

/** What the file system says, as the cache expects it from a store. */
async function translated(operation, work) {
  return work.catch((cause) => {
    throw new BackendError("GCX_BACKEND_FAILED", "files", operation, `files: "${operation}" failed.`, { cause });
  });
}
