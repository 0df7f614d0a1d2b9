import { fork } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Starts a service in a process of its own, and waits until it answers. */
export async function startService(name, settings) {
  const child = fork(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), {
    env: { ...process.env, ...settings },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const { url } = await Promise.race([
    new Promise((resolve) => child.once("message", resolve)),
    ended.then(() => Promise.reject(new Error(`The service ${name} ended before it was there.`))),
  ]);
  return {
    name,
    url,
    /** Lets it finish what it does, send its last spans, and end. */
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
