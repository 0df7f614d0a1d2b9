import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { formatServerAddress } from "../server-address.ts";
import type { RedisHost } from "./redis-host.ts";
import { RedisNodeLink } from "./redis-node-link.ts";
import type { RedisReply } from "./redis-reply.ts";
import type { RedisSettings, RedisTopologySettings } from "./redis-settings.ts";

/** What a watch is made of. */
export interface SentinelWatchParts {
  readonly topology: Extract<RedisTopologySettings, { kind: "sentinel" }>;
  readonly settings: RedisSettings;
  readonly host: RedisHost;
  readonly deadlines: DeadlineQueue;
}

/** The sentinels: knows some, learns the others, and asks them who the primary is. */
export class SentinelWatch {
  readonly #parts: SentinelWatchParts;
  /** In the order in which they are asked: the one that answered last is first. */
  #addresses: string[];
  readonly #links = new Map<string, RedisNodeLink>();
  #isClosed = false;

  constructor(parts: SentinelWatchParts) {
    this.#parts = parts;
    this.#addresses = [...parts.topology.addresses];
  }

  /**
   * The primary's address, from the first sentinel that tells one.
   *
   * @throws Error when none does, or when it is closed meanwhile
   */
  async locate(): Promise<string> {
    const { name } = this.#parts.topology;
    const failures: string[] = [];
    for (const address of [...this.#addresses]) {
      // The question before may have failed because of that: a connection to the next sentinel would be ended by nobody.
      if (this.#isClosed) break;
      try {
        const { pool } = this.#link(address);
        await pool.connect();
        const reply = await pool.ask(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
        const primary = readAddress(reply);
        if (primary === undefined) throw new Error(`knows no primary named "${name}"`);
        this.#learn(address, await pool.ask(["SENTINEL", "SENTINELS", name]).catch(() => null));
        return primary;
      } catch (error) {
        failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new Error(`no sentinel told the primary (${failures.join("; ")})`);
  }

  /** The sentinels that are known. */
  addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Ends the connections to the sentinels. */
  close(error: unknown): void {
    this.#isClosed = true;
    for (const { pool } of this.#links.values()) pool.close(error);
  }

  #link(address: string): RedisNodeLink {
    let link = this.#links.get(address);
    if (link === undefined) {
      const { topology, settings, host, deadlines } = this.#parts;
      const own = { ...settings, credentials: topology.credentials, db: 0, poolSize: 1 };
      const { onNotice: _, ...quietHost } = host;
      link = new RedisNodeLink({ address, role: "primary", settings: own, host: quietHost, deadlines });
      this.#links.set(address, link);
    }
    return link;
  }

  #learn(answered: string, reply: RedisReply): void {
    const others = Array.isArray(reply) ? reply.map(readSentinel).filter((address) => address !== undefined) : [];
    this.#addresses = [...new Set([answered, ...this.#addresses, ...others])];
  }
}

function readAddress(reply: RedisReply): string | undefined {
  if (!Array.isArray(reply) || reply.length !== 2) return undefined;
  return formatServerAddress({ kind: "tcp", host: String(reply[0]), port: Number(String(reply[1])) });
}

/** A sentinel as `[name, value, name, value, …]`. */
function readSentinel(reply: RedisReply): string | undefined {
  if (!Array.isArray(reply)) return undefined;
  const words = reply.map(String);
  const [host, port] = ["ip", "port"].map((name) => words[words.indexOf(name) + 1]);
  return host === undefined || port === undefined ? undefined : readAddress([Buffer.from(host), Buffer.from(port)]);
}
