import type { GreetingExchange, GreetingReply } from "./greeting-exchange.ts";
import { metaFlag } from "./meta-message.ts";

/** What a server was found to know. */
export interface ServerFeatures {
  /**
   * By name; one that could not be tried, for example because its memory is full, is absent.
   *
   * - `opaque`: every reply carries the number of its request, misses too. Without it a server is not used.
   * - `base64Keys`: keys in base64 (`b`).
   * - `cas`: items have CAS numbers, and `ms` returns the new one (`c`). Off with `-C`.
   * - `vivify`: a miss makes an item and one winner (`mg … N`, `W`).
   * - `invalidate`: an item can be marked stale (`md … I`, `X`).
   * - `explicitCas`: the client may choose the CAS number (`E`).
   * - `removeValue`: an item can lose its value and stay (`md … x`).
   */
  readonly found: Readonly<Record<string, boolean>>;
  /** Largest item (`-I`), in bytes; `undefined`: it does not tell. */
  readonly maxItemBytes: number | undefined;
}

/** How long a trial's item lives when its connection is lost before it is removed, in seconds. */
const TRIAL_TTL_S = 5;
const CHOSEN_CAS = "7777";

/** A command, and what its reply says; `undefined` says nothing. */
interface Trial {
  readonly name: string;
  readonly command: string;
  readonly isKnown: (status: string, flags: string, opaque: number) => boolean;
}

/** Trials in an order in which each finds what it needs; the last leaves nothing. */
function trialsWith(key: string): readonly Trial[] {
  const base64 = Buffer.from(key).toString("base64");
  return [
    { name: "opaque", command: `mg ${key} O1 v`, isKnown: (status, _, opaque) => status === "EN" && opaque === 1 },
    {
      name: "cas",
      command: `ms ${key} 2 O2 c T${TRIAL_TTL_S}\r\nok`,
      isKnown: (status, flags) => status === "HD" && !["0", undefined].includes(metaFlag(flags, "c")),
    },
    { name: "base64Keys", command: `mg ${base64} O3 b v`, isKnown: (status) => status === "VA" },
    {
      name: "explicitCas",
      // No value: a server that does not know the flag and takes the value for a command gets an empty line.
      command: `ms ${key} 0 O4 E${CHOSEN_CAS} c T${TRIAL_TTL_S}\r\n`,
      isKnown: (status, flags) => status === "HD" && metaFlag(flags, "c") === CHOSEN_CAS,
    },
    { name: "invalidate", command: `md ${key} O5 I T${TRIAL_TTL_S}`, isKnown: (status) => status === "HD" },
    { name: "removeValue", command: `md ${key} O6 x`, isKnown: (status) => status === "HD" },
    { name: "", command: `md ${key} O7`, isKnown: () => true },
    {
      name: "vivify",
      command: `mg ${key} O8 v N${TRIAL_TTL_S}`,
      isKnown: (_, flags) => metaFlag(flags, "W") !== undefined,
    },
    { name: "", command: `md ${key} O9`, isKnown: () => true },
  ];
}

/** Tries on an own item what the server knows, and asks for its settings; one round trip. */
export async function findServerFeatures(exchange: GreetingExchange, key: string): Promise<ServerFeatures> {
  const trials = trialsWith(key);
  const [settings, ...answers] = await Promise.all([
    exchange.ask("stats settings\r\n"),
    ...trials.map((trial) => exchange.ask(`${trial.command}\r\n`)),
  ]);
  const found: Record<string, boolean> = {};
  for (const [index, { name, isKnown }] of trials.entries()) {
    const answer = answers[index]?.[0];
    if (name === "" || answer === undefined || isServerError(answer)) continue;
    found[name] = answer.kind === "meta" && isKnown(answer.status, answer.flags, answer.opaque);
  }
  return { found: Object.freeze(found), maxItemBytes: maxItemBytesOf(settings as readonly GreetingReply[]) };
}

/** Such an answer says how the server is, not what it knows. */
function isServerError(reply: GreetingReply): boolean {
  return reply.kind === "error" && reply.error.prefix === "SERVER_ERROR";
}

function maxItemBytesOf(replies: readonly GreetingReply[]): number | undefined {
  for (const reply of replies) {
    const match = reply.kind === "line" ? /^STAT item_size_max (\d{1,10})$/.exec(reply.line) : null;
    if (match !== null) return Number(match[1]);
  }
  return undefined;
}
