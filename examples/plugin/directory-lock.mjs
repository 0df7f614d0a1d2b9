/**
 * A lock between processes of one machine, in a directory of its own that always holds one file, the token. Whoever renames the token has it:
 *
 *   free.41  →  held.141.<process id>.<random>  →  free.43
 *
 * Renaming succeeds for one of many. Every name is there once and never again, so nobody can take a token that has passed through other hands
 * meanwhile. Each piece of work gets a number larger than all before, up to the one in the name: the token of a process that died is taken
 * over like a free one, and whoever does begins behind the numbers that the dead one may have used.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";

/** Pieces of work that one process does in a row while others wait. */
const ROW_COUNT = 100;

/** By directory, the work of this process that waits: each process takes part in the race with one contender. */
const queues = new Map();

export function createDirectoryLock(path) {
  const directory = resolve(path);
  return {
    /** Puts the token into place, the first time. */
    async prepare() {
      if (!isMainThread)
        throw new Error("Threads of one process cannot be told apart. Use the store in the main thread.");
      const draft = `${directory}.${randomUUID()}`;
      await mkdir(draft, { recursive: true });
      await writeFile(join(draft, "free.0"), "");
      // A directory cannot take the place of one that holds something: of many who prepare, one puts its token there.
      await rename(draft, directory).catch(() => rm(draft, { recursive: true }));
      await readdir(directory);
    },
    /** Calls `work` with a number that is larger than any before, while nobody else's work is done. */
    hold(work) {
      return new Promise((resolve, reject) => {
        const queue = queues.get(directory);
        const piece = { work, resolve, reject };
        if (queue !== undefined) queue.push(piece);
        else void workOff(directory, [piece]);
      });
    },
  };
}

async function workOff(directory, queue) {
  queues.set(directory, queue);
  while (queue.length > 0) {
    try {
      await holdToken(directory, queue);
    } catch (error) {
      for (const { reject } of queue.splice(0)) reject(error);
    }
  }
  queues.delete(directory);
}

async function holdToken(directory, queue) {
  const { token, first } = await takeToken(directory);
  let number = first;
  for (let done = 0; done < ROW_COUNT && queue.length > 0; done += 1) {
    const { work, resolve, reject } = queue.shift();
    await work(number).then(resolve, reject);
    number += 1;
  }
  await rename(join(directory, token), join(directory, `free.${number}`));
}

async function takeToken(directory) {
  for (;;) {
    for (const found of await readdir(directory)) {
      const [state, last, owner] = found.split(".");
      if (state === "held" && isAlive(Number(owner))) continue;
      const first = Number(last) + 1;
      const token = `held.${first + ROW_COUNT}.${process.pid}.${randomUUID()}`;
      const isMine = await rename(join(directory, found), join(directory, token)).then(() => true, falseWhenAbsent);
      if (isMine) return { token, first };
    }
    await pause(1);
  }
}

/** A token that is held under our own id, while we ask for it, was left behind by an earlier process. */
function isAlive(processId) {
  if (processId === process.pid) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function falseWhenAbsent(error) {
  if (error.code !== "ENOENT") throw error;
  return false;
}
