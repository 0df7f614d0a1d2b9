import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findExecutable } from "./find-executable.ts";
import { type HostAndPort, parseHostAndPort } from "./host-and-port.ts";

const COMPOSE_FILE = fileURLToPath(new URL("./compose.yaml", import.meta.url));

/**
 * Starts `compose.yaml` and takes it down when this process ends. `undefined` where docker, its compose plug-in or its
 * daemon is missing. A killed process leaves the containers; the next run takes the same ones over.
 */
export function startComposeServers(): { readonly redis: HostAndPort; readonly memcached: HostAndPort } | undefined {
  if (findExecutable("docker") === undefined) return undefined;
  try {
    compose("up", "--detach", "--wait");
  } catch {
    return undefined;
  }
  process.once("exit", () => compose("down", "--volumes", "--timeout", "1"));
  return {
    redis: parseHostAndPort(compose("port", "redis", "6379").trim(), 6379),
    memcached: parseHostAndPort(compose("port", "memcached", "11211").trim(), 11_211),
  };
}

function compose(...args: readonly string[]): string {
  return execFileSync("docker", ["compose", "--file", COMPOSE_FILE, ...args], { encoding: "utf8", stdio: "pipe" });
}
