import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const SOURCE_FILE = fileURLToPath(new URL("./source.mjs", import.meta.url));

/**
 * Starts the data source in a process of its own, on a free port.
 *
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startSource() {
  const child = fork(SOURCE_FILE, { stdio: "inherit" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const port = await new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message.port));
    child.once("exit", (code) => reject(new Error(`The source ended with code ${code}.`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
