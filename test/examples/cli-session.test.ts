import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const PROJECT_DIRECTORY: string = fileURLToPath(new URL("../../", import.meta.url));

/** What the session prints, in this order. */
const EXPECTED: readonly RegExp[] = [
  /^up$/m,
  /"name": "Ada"/,
  /the bytes came back as they were/,
  /^blob greeting user:42$/m,
  /a miss ends with 1/,
  /not written ends with 1/,
  /^present: Ada$/m,
  /^changed: Grace$/m,
  /^500 calls were measured$/m,
  /^3 keys are there$/m,
  /entries +w-lirs +lru/,
  /With w-lirs the curve/,
  /the curves are drawn/,
  /^gocachex top$/m,
  /^0 things fail$/m,
  /^without a token: 5$/m,
  /^with one to read, a write: 5$/m,
  /^ok\nhello$/m,
  /^# done$/m,
];

it("the session at the command line runs to its end and leaves no process behind", async () => {
  const { GOCACHEX_NODE: _node, ...environment } = process.env;
  const child = spawn("bash", ["examples/cli/session.sh"], {
    cwd: PROJECT_DIRECTORY,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // `close` comes when nobody holds the pipes any more: the node and the watch of the session have ended, too.
  // A dozen processes of Node are started one after the other, which takes long on a busy machine.
  const closed = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(stderr).toBe("");
  let rest = stdout;
  for (const line of EXPECTED) {
    expect(rest).toMatch(line);
    const match = line.exec(rest) as RegExpExecArray;
    rest = rest.slice(match.index + match[0].length);
  }
  expect((await closed)[0]).toBe(0);
}, 180_000);
