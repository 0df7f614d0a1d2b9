import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The built command line; build the package first. */
const BINARY: string = fileURLToPath(new URL("../../dist/cli.mjs", import.meta.url));
const hasScript = process.platform === "linux" && existsSync("/usr/bin/script");
const { GOCACHEX_NODE: _node, NO_COLOR: _noColor, ...environment } = process.env;

let node: ChildProcess;
let address: string;
beforeAll(async () => {
  node = spawn(process.execPath, [BINARY, "serve", "--json", "--port", "0"], { env: environment });
  const [line] = (await once(node.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  address = `127.0.0.1:${(JSON.parse(line.toString()) as { port: number }).port}`;
});
afterAll(() => {
  node.kill("SIGKILL");
});

/** Runs top in a pseudo terminal between two looks at how the terminal is set. */
async function inTerminal(act: (terminal: ChildProcess, pid: number) => void): Promise<string> {
  const top = `"${process.execPath}" "${BINARY}" top --node ${address} --interval 100ms & echo pid=$!; fg >/dev/null; echo "exit=$?"`;
  const line = `set -m; echo "set=$(stty -g)"; ${top}; echo "set=$(stty -g)"`;
  const terminal = spawn("script", ["-qec", `bash -c '${line}'`, "/dev/null"], {
    env: { ...environment, TERM: "xterm" },
  });
  let output = "";
  let hasActed = false;
  terminal.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const pid = Number(/pid=(\d+)/.exec(output)?.[1]);
    if (hasActed || Number.isNaN(pid) || !output.includes("q quits")) return;
    hasActed = true;
    act(terminal, pid);
  });
  await once(terminal, "close");
  return output;
}

describe.skipIf(!hasScript)("top in a real terminal (skipped where there is no script(1))", () => {
  it.each<[string, (terminal: ChildProcess, pid: number) => void]>([
    ["q", (terminal) => terminal.stdin?.write("q")],
    ["Ctrl+C", (terminal) => terminal.stdin?.write("\u0003")],
    ["SIGTERM", (_terminal, pid) => process.kill(pid, "SIGTERM")],
    ["SIGHUP", (_terminal, pid) => process.kill(pid, "SIGHUP")],
  ])("leaves it as it was after %s", async (_name, act) => {
    const output = await inTerminal(act);
    const settings = [...output.matchAll(/set=(\S+)/g)].map(([, setting]) => setting);
    expect(settings).toHaveLength(2);
    expect(settings[1]).toBe(settings[0]);
    expect(output).toContain("exit=0");
    expect(output.lastIndexOf("\u001b[?1049l")).toBeGreaterThan(output.lastIndexOf("\u001b[?1049h"));
    expect(output.lastIndexOf("\u001b[?25h")).toBeGreaterThan(output.lastIndexOf("\u001b[?25l"));
  });
});
