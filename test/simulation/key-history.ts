/** A time in which a key had one visible state. */
export interface KeyPeriod {
  /** Grows with each period of the key. */
  readonly number: number;
  readonly fromMs: number;
  toMs: number;
  /** `undefined`: no live entry. */
  readonly value: unknown;
  readonly version: number;
  /** When the entry's time is over, in virtual ms. */
  readonly expiresAtMs: number;
}

/** What a key is for everybody who asks the store. */
export interface LiveState {
  readonly value: unknown;
  readonly version: number;
  readonly expiresAtMs: number;
}

const NO_PERIODS: readonly KeyPeriod[] = [];

/** Which states each key of the store had, and when: the truth that everything served is held against. */
export class KeyHistory {
  readonly #periods = new Map<string, KeyPeriod[]>();

  /** A key is now so. */
  note(key: string, nowMs: number, live: LiveState | undefined): void {
    let periods = this.#periods.get(key);
    if (periods === undefined) {
      periods = [];
      this.#periods.set(key, periods);
    }
    const last = periods.at(-1);
    const { value, version, expiresAtMs } = live ?? {
      value: undefined,
      version: 0,
      expiresAtMs: Number.POSITIVE_INFINITY,
    };
    if (last === undefined && live === undefined) return;
    if (last !== undefined) {
      if (last.value === value && last.version === version && last.expiresAtMs === expiresAtMs) return;
      last.toMs = nowMs;
    }
    const toMs = Number.POSITIVE_INFINITY;
    periods.push({ number: periods.length, fromMs: nowMs, toMs, value, version, expiresAtMs });
  }

  /** Number of the period at an instant that is not before any change; half a number later when the entry's time is over. -1: there was never an entry. */
  numberAt(key: string, nowMs: number): number {
    const last = this.#of(key).at(-1);
    if (last === undefined) return -1;
    return last.number + (last.expiresAtMs <= nowMs ? 0.5 : 0);
  }

  /** The first and the last period, by number, in which the key had a value at some moment of a span. */
  holding(
    key: string,
    value: unknown,
    sinceMs: number,
    untilMs: number,
  ): readonly [first: number, last: number] | undefined {
    const numbers = this.#of(key)
      .filter((period) => period.value === value && period.fromMs <= untilMs && endOf(period) >= sinceMs)
      .map(({ number }) => number);
    return numbers.length === 0 ? undefined : [numbers[0] as number, numbers.at(-1) as number];
  }

  /** As {@link KeyHistory.holding}, for having no live entry. */
  absent(key: string, sinceMs: number, untilMs: number): readonly [first: number, last: number] | undefined {
    const periods = this.#of(key);
    const numbers: number[] = [];
    if ((periods[0]?.fromMs ?? Number.POSITIVE_INFINITY) >= sinceMs) numbers.push(-1);
    for (const { number, value, fromMs, toMs, expiresAtMs } of periods) {
      if (toMs < sinceMs || fromMs > untilMs) continue;
      if (value === undefined) numbers.push(number);
      else if (expiresAtMs <= untilMs && toMs >= expiresAtMs) numbers.push(number + 0.5);
    }
    return numbers.length === 0 ? undefined : [numbers[0] as number, numbers.at(-1) as number];
  }

  /** When a period began, or, half a number later, its entry's time was over; negative infinity for one that is none. */
  startOf(key: string, number: number): number {
    const period = this.#of(key)[Math.floor(number)];
    if (period === undefined) return Number.NEGATIVE_INFINITY;
    return Number.isInteger(number) ? period.fromMs : period.expiresAtMs;
  }

  /** Whether a key got a value after an instant, for the first time or again. */
  startedSince(key: string, value: unknown, sinceMs: number): boolean {
    return this.#of(key).some((period) => period.value === value && period.fromMs > sinceMs);
  }

  /** Whether a value's time was over, by no more than this before an instant, and nothing had replaced it then. */
  wasOver(key: string, value: unknown, sinceMs: number, staleMs: number): boolean {
    return this.#of(key).some(
      (period) => period.value === value && period.toMs >= sinceMs && period.expiresAtMs + staleMs >= sinceMs,
    );
  }

  /** The number of the period in which a version was the key's. */
  ofVersion(key: string, version: number): number | undefined {
    return this.#of(key).findLast((period) => period.version === version)?.number;
  }

  /** The values that a key had, one after the other. */
  valuesOf(key: string): readonly unknown[] {
    return this.#of(key).flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  /** What is printed beside a violation. */
  describe(key: string): string {
    return this.#of(key)
      .map(
        ({ number, fromMs, toMs, value, version, expiresAtMs }) =>
          `  #${number} ${fromMs.toFixed(1)}…${toMs.toFixed(1)} ${String(value)} v${version % 1e9}${expiresAtMs === Number.POSITIVE_INFINITY ? "" : ` ends ${expiresAtMs.toFixed(1)}`}`,
      )
      .join("\n");
  }

  #of(key: string): readonly KeyPeriod[] {
    return this.#periods.get(key) ?? NO_PERIODS;
  }
}

function endOf({ toMs, expiresAtMs }: KeyPeriod): number {
  return Math.min(toMs, expiresAtMs);
}
