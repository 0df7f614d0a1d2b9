import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [program, network] = ["./node.mjs", "./through-ways.mjs"].map((name) => new URL(name, import.meta.url));

/** Starts a process of the fleet, and waits until it is ready. */
export async function startNode(settings) {
  const child = fork(fileURLToPath(program), {
    env: { ...process.env, ...settings },
    execArgv: ["--import", network.href],
    serialization: "advanced",
  });
  const waiting = new Map();
  let lastNumber = 0;
  const ended = new Promise((resolve) => child.once("exit", resolve));

  function answered(number) {
    return new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));
  }

  child.on("message", ({ number, result, error }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error("The process has ended."));
  });
  await answered(0);

  return {
    /** Calls a task of node.mjs, or a method of its cache. */
    ask(name, ...given) {
      lastNumber += 1;
      child.send({ number: lastNumber, name, given });
      return answered(lastNumber);
    },
    /** Ends it without a word. */
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    /** Closes its cache, and ends. */
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
