/** Wrong tokens that an address may send at once. */
const BURST_COUNT = 20;
/** How long until an address that has used all up may try once more. */
const REFILL_MS = 3_000;
/** Addresses that are remembered; beyond them, those that failed longest ago are forgotten. */
const MAX_ADDRESS_COUNT = 4_096;

interface Failures {
  /** Tries that are left, with fractions. */
  left: number;
  /** Monotonic instant at which `left` was true. */
  countedAtMs: number;
}

/**
 * Counts wrong tokens per address in a token bucket: 20 at once, then one in three seconds. Bounded memory; an address that did
 * nothing wrong has no record. Guessing a token of 128 random bits is hopeless in any case; this keeps short ones from being tried
 * out, and the log of whoever tries from growing.
 */
export class FailureLimiter {
  readonly #now: () => number;
  readonly #failures = new Map<string, Failures>();

  /** @param now monotonic clock in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Addresses that are remembered. */
  get addressCount(): number {
    return this.#failures.size;
  }

  /** How long an address has to wait before its token is looked at again, in ms; 0: not at all. */
  waitMs(address: string | undefined): number {
    if (this.#failures.size === 0) return 0;
    const failures = this.#failures.get(addressGroup(address));
    if (failures === undefined) return 0;
    const left = this.#refill(failures);
    return left >= 1 ? 0 : Math.ceil((1 - left) * REFILL_MS);
  }

  /** Counts one wrong token. */
  fail(address: string | undefined): void {
    const group = addressGroup(address);
    const failures = this.#failures.get(group) ?? { left: BURST_COUNT, countedAtMs: this.#now() };
    failures.left = Math.max(0, this.#refill(failures) - 1);
    // Moved to the end: the first of the map is then who failed longest ago.
    this.#failures.delete(group);
    this.#failures.set(group, failures);
    if (this.#failures.size <= MAX_ADDRESS_COUNT) return;
    const [oldest] = this.#failures.keys();
    this.#failures.delete(oldest as string);
  }

  #refill(failures: Failures): number {
    const nowMs = this.#now();
    failures.left = Math.min(BURST_COUNT, failures.left + (nowMs - failures.countedAtMs) / REFILL_MS);
    failures.countedAtMs = nowMs;
    return failures.left;
  }
}

/** Who counts as one: an IPv4 address, or the /64 of an IPv6 address, all of which one customer has. */
export function addressGroup(address: string | undefined): string {
  if (address === undefined) return "";
  if (address.startsWith("::ffff:") && address.includes(".")) return address.slice(7);
  if (!address.includes(":")) return address;
  const [head = "", tail] = (address.split("%")[0] as string).split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
