/** The oldest Redis whose scripts write as ours need it (KEEPTTL, effects of scripts instead of scripts on replicas). */
const OLDEST_MAJOR = 6;
/** A server this full is close to refusing or evicting. */
const NEARLY_FULL_RATIO = 0.95;
/** A replica this far behind would lose much when it took over. */
const LARGE_LAG_BYTES = 16_777_216;

/** What warnings are made of. */
export interface ServerFacts {
  /** The version of Redis that the server says it is compatible with. */
  readonly compatibleVersion: string;
  readonly role: "primary" | "replica";
  readonly memoryUsedBytes: number;
  /** `Infinity`: none. */
  readonly memoryLimitBytes: number;
  readonly evictionPolicy: string;
  readonly evictions: number;
  /** Bytes that each replica is behind. */
  readonly replicationLags: readonly number[];
  readonly isLoading: boolean;
  readonly isSaveFailing: boolean;
}

/** Something that the operator of a server should know. */
export interface ServerWarning {
  /** A sentence with its remedy. */
  readonly message: string;
  /** Something fails or is about to; otherwise it is a matter of settings. */
  readonly isDegrading: boolean;
}

type Rule = (facts: ServerFacts) => ServerWarning | undefined;

const warn = (message: string): ServerWarning => ({ message, isDegrading: false });
const degrade = (message: string): ServerWarning => ({ message, isDegrading: true });

const RULES: readonly Rule[] = [
  ({ compatibleVersion }) =>
    Number(compatibleVersion.split(".")[0]) < OLDEST_MAJOR
      ? degrade(`Redis ${compatibleVersion} is older than 6.0, which counters and scripts need. Upgrade the server.`)
      : undefined,
  ({ isLoading }) =>
    isLoading ? degrade("The server is loading its data and refuses calls until it is done.") : undefined,
  ({ role }) =>
    role === "replica"
      ? degrade("The server is a replica and takes no writes. Connect to the primary, or through Sentinel.")
      : undefined,
  ({ isSaveFailing }) =>
    isSaveFailing
      ? degrade("The server cannot write its data to disk and may refuse writes. Look at its log and its disk.")
      : undefined,
  warnOfFullMemory,
  ({ memoryLimitBytes, evictionPolicy }) =>
    memoryLimitBytes === Number.POSITIVE_INFINITY && evictionPolicy === "noeviction"
      ? warn("The server has no maxmemory: it grows until its machine has no memory left. Set maxmemory and a policy.")
      : undefined,
  ({ evictionPolicy }) =>
    evictionPolicy !== "noeviction" && evictionPolicy !== "unknown"
      ? warn(
          `The policy ${evictionPolicy} may evict locks, and the memory of operation ids, before their time. Keep locks on a server with noeviction if they guard something.`,
        )
      : undefined,
  ({ replicationLags }) => {
    const worst = Math.max(0, ...replicationLags);
    return worst > LARGE_LAG_BYTES
      ? degrade(`A replica is ${worst} bytes behind: what it has not got is lost when it takes over. Look at its link.`)
      : undefined;
  },
];

/** What an operator should know about a server. */
export function serverWarnings(facts: ServerFacts): readonly ServerWarning[] {
  return RULES.map((rule) => rule(facts)).filter((warning) => warning !== undefined);
}

function warnOfFullMemory(facts: ServerFacts): ServerWarning | undefined {
  const { memoryLimitBytes, memoryUsedBytes, evictionPolicy } = facts;
  if (evictionPolicy !== "noeviction" || memoryLimitBytes === Number.POSITIVE_INFINITY) return undefined;
  const isFull = memoryUsedBytes >= memoryLimitBytes * NEARLY_FULL_RATIO;
  const message =
    "With maxmemory and the policy noeviction, writes fail when memory is full. Choose allkeys-lru or volatile-lru, or raise maxmemory.";
  return isFull ? degrade(`Memory is full. ${message}`) : warn(message);
}
