import { type ChildProcess, spawn } from "node:child_process";

/**
 * Reads lines `add <pid> <folder>` and `del <pid>`. When the pipe closes, it kills what is left and removes the folders. Folders are kept in variables
 * that are named for the process ids.
 */
const SCRIPT = `
pids=
while read -r verb pid folder; do
  case "$verb" in
    add) pids="$pids $pid"; eval "folder_$pid=\\$folder" ;;
    del) rest=; for other in $pids; do [ "$other" = "$pid" ] || rest="$rest $other"; done; pids=$rest ;;
  esac
done
for pid in $pids; do
  kill -9 "$pid" 2>/dev/null
  eval "rm -rf \\"\\$folder_$pid\\""
done
`;

let guard: ChildProcess | undefined;

/**
 * Has a process killed and its folder removed when this process dies before it says that the process is gone, even of `SIGKILL`: by a shell
 * that waits for our end of a pipe to close. There is one for all processes: to start a program takes this one tens of milliseconds.
 *
 * @returns to be called when the process is gone: its id may be given to another one
 */
export function guardAgainstLeftover(pid: number, folder: string): () => void {
  guard ??= startGuard();
  const { stdin } = guard;
  stdin?.write(`add ${pid} ${folder}\n`);
  return () => void stdin?.write(`del ${pid}\n`);
}

function startGuard(): ChildProcess {
  // Detached: an interrupt from the keyboard goes to the whole process group and must not end the guard first.
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "guard"], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  // Somebody ended it: what is told it is lost, and the next process gets another one.
  shell.stdin.on("error", () => undefined);
  shell.once("exit", () => {
    if (guard === shell) guard = undefined;
  });
  return shell;
}
