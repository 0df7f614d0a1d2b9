/** A store that keeps each entry in a file of its own, so that a cache survives the end of its process. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { BackendError, BackendUnavailableError, ConfigError, defineBackend } from "gocachex";

/** Builds the store; a factory for `registerBackend("files", createFilesBackend)`. Opens nothing. */
export function createFilesBackend({ directory }, { clock }) {
  if (typeof directory !== "string") {
    throw new ConfigError("GCX_CONFIG_INVALID", "files.directory", "files.directory must be the path of a directory.");
  }
  const inTurn = createTurns();
  let lastVersion = 0;

  /** Keys may be longer than file names, and contain anything: the name is a digest, and the key itself is in the file. */
  const pathOf = (key) => join(directory, `${createHash("sha256").update(key).digest("hex")}.entry`);

  /** Grows across deletes and restarts without a file of its own, as long as the machine's clock does not go back. */
  function nextVersion() {
    lastVersion = Math.max(lastVersion + 1, Math.floor(clock.wallMs() * 1_000));
    return lastVersion;
  }

  async function readLive(path) {
    const bytes = await readFile(path).catch(undefinedWhenAbsent);
    const entry = bytes === undefined ? undefined : deserialize(bytes);
    return entry !== undefined && entry.expiresAt > clock.wallMs() ? entry : undefined;
  }

  async function write(key, { value, ttlMs, tags }) {
    const version = nextVersion();
    const temporary = `${pathOf(key)}.${version}.new`;
    await writeFile(temporary, serialize({ key, value, version, expiresAt: clock.wallMs() + ttlMs, tags }));
    await rename(temporary, pathOf(key)); // a reader sees the old file or the new one, never a part
    return { stored: true, version };
  }

  async function remove(key) {
    const entry = await readLive(pathOf(key));
    await unlink(pathOf(key)).catch(undefinedWhenAbsent);
    return entry !== undefined;
  }

  return defineBackend({
    name: "files",
    capabilities: { scan: true },
    async connect() {
      await mkdir(directory, { recursive: true }).catch((cause) => {
        throw new BackendUnavailableError("files", "connect", "The directory cannot be created.", { cause });
      });
    },
    close: () => inTurn.idle(),
    get: (key) => translated("get", readLive(pathOf(key))),
    set: (key, entry) =>
      translated(
        "set",
        inTurn(key, () => write(key, entry)),
      ),
    delete: (key) =>
      translated(
        "delete",
        inTurn(key, () => remove(key)),
      ),
    async *scan(prefix) {
      for (const name of await translated("scan", readdir(directory))) {
        if (!name.endsWith(".entry")) continue;
        const entry = await translated("scan", readLive(join(directory, name)));
        if (entry?.key.startsWith(prefix)) yield [entry.key];
      }
    },
  });
}

/** Writes of one key go one after the other, so that the largest version is the one that stays. */
function createTurns() {
  const tails = new Map();
  function inTurn(key, work) {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work);
    const forget = () => tails.get(key) === tail && tails.delete(key);
    const tail = turn.then(forget, forget);
    tails.set(key, tail);
    return turn;
  }
  inTurn.idle = () => Promise.all(tails.values()).then(() => undefined);
  return inTurn;
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
