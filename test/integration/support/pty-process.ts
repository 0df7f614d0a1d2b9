import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { findExecutable } from "../../../scripts/servers/find-executable.ts";

/** A program in a terminal of its own. */
export interface PtyProcess {
  /** All that was written to the terminal so far. */
  readonly screen: () => string;
  /** Types on its keyboard. */
  type(keys: string): void;
  signal(name: keyof typeof SIGNALS): void;
  resize(columns: number, rows: number): void;
  readonly ended: Promise<PtyEnd>;
}

/** How a program left its terminal. */
export interface PtyEnd {
  /** `-n` where signal n ended it. */
  readonly status: number;
  /** Whether the terminal's settings (echo, lines, signals) are what they were before. */
  readonly hasSameSettings: boolean;
  /** Whether they were ever others. */
  readonly wasChanged: boolean;
}

/**
 * Opens a terminal, starts a program in it, and passes on what goes in and out; Node.js has no pseudo-terminals of its own. Its settings are looked at before, at each
 * command, and when the program has ended.
 */
const SCRIPT: string = String.raw`
import fcntl, json, os, pty, select, signal, struct, sys, termios
columns, rows = int(sys.argv[1]), int(sys.argv[2])
main, side = pty.openpty()
def resize(columns, rows):
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
resize(columns, rows)
before = termios.tcgetattr(side)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(side, number)
    os.closerange(3, 64)
    os.execvp(sys.argv[3], sys.argv[3:])
pending, inputs, status, changed = b"", [main, 0], None, False
while True:
    ready, _, _ = select.select(inputs, [], [], 0.02)
    changed = changed or termios.tcgetattr(side) != before
    if main in ready:
        os.write(1, os.read(main, 65536))
        continue
    if status is not None:
        break
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            inputs = [main]
        pending += data
        while b"\n" in pending:
            line, pending = pending.split(b"\n", 1)
            command = json.loads(line)
            if "keys" in command:
                os.write(main, command["keys"].encode())
            elif "size" in command:
                resize(*command["size"])
                os.kill(child, signal.SIGWINCH)
            else:
                os.kill(child, command["signal"])
    done, code = os.waitpid(child, os.WNOHANG)
    if done:
        status = os.waitstatus_to_exitcode(code)
same = termios.tcgetattr(side) == before
os.write(2, json.dumps({"status": status, "hasSameSettings": same, "wasChanged": changed}).encode() + b"\n")
`;

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGUSR2: 12, SIGTERM: 15 } as const;
const MISSING = "Python 3 is not installed. Debian and Ubuntu: apt-get install -y --no-install-recommends python3";

const running = new Set<ChildProcess>();

/** Starts a program in a terminal. @param env over this process's variables */
export function startInPty(
  command: readonly string[],
  { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
): PtyProcess {
  const python = ["/usr/bin/python3"].find((path) => existsSync(path)) ?? findExecutable("python3");
  if (python === undefined) throw new Error(MISSING);
  const child = spawn(python, ["-c", SCRIPT, String(columns), String(rows), ...command], {
    env: { ...process.env, TERM: "xterm-256color", NO_COLOR: "1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  let words = "";
  const report = (async () => {
    for await (const line of createInterface({ input: child.stderr })) words += line;
  })();
  const ended = (async () => {
    await new Promise((resolve) => child.once("close", resolve));
    running.delete(child);
    await report;
    if (!words.startsWith("{")) throw new Error(`The terminal failed: ${words}`);
    return JSON.parse(words) as PtyEnd;
  })();
  return {
    screen: () => Buffer.concat(chunks).toString("utf8"),
    type: (keys) => send({ keys }),
    signal: (name) => send({ signal: SIGNALS[name] }),
    resize: (toColumns, toRows) => send({ size: [toColumns, toRows] }),
    ended,
  };
}

/** Ends what a failed test has left. A program goes with its terminal. */
export function closePtys(): void {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
}
