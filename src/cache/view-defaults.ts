import type { LoadPolicy } from "./load-policy.ts";

/** Defaults of a view, resolved. Those of the root can change while the cache works; views that say nothing of their own follow. */
export interface ViewDefaults {
  readonly ttlMs: number;
  /** The longest TTL that the store gives an entry, whatever is asked for; `Infinity`: any. Not a view's own to change. */
  readonly maxTtlMs: number;
  readonly sliding: boolean;
  readonly jitter: number;
  readonly tags: readonly string[];
  readonly load: LoadPolicy;
}

/** Those of the root view. */
export class RootDefaults implements ViewDefaults {
  ttlMs: number;
  load: LoadPolicy;
  readonly maxTtlMs: number;
  readonly sliding: boolean = false;
  readonly jitter: number = 0;
  readonly tags: readonly string[] = Object.freeze([]);

  constructor(ttlMs: number, load: LoadPolicy, maxTtlMs: number) {
    this.ttlMs = ttlMs;
    this.load = load;
    this.maxTtlMs = maxTtlMs;
  }
}

/** What a namespace says of its own. */
export interface OwnDefaults {
  /** `undefined`: its parent's, whatever that is by then. */
  readonly ttlMs: number | undefined;
  readonly sliding: boolean;
  readonly jitter: number;
  readonly tags: readonly string[];
  /** Its own policy over its parent's; called again when that changes. */
  readonly loadOver: (parent: LoadPolicy) => LoadPolicy;
}

/** Those of a namespace, over its parent's. */
export class InheritedDefaults implements ViewDefaults {
  readonly maxTtlMs: number;
  readonly sliding: boolean;
  readonly jitter: number;
  readonly tags: readonly string[];
  readonly #parent: ViewDefaults;
  readonly #own: OwnDefaults;
  #parentLoad: LoadPolicy;
  #load: LoadPolicy;

  constructor(own: OwnDefaults, parent: ViewDefaults) {
    this.#own = own;
    this.#parent = parent;
    this.maxTtlMs = parent.maxTtlMs;
    this.sliding = own.sliding;
    this.jitter = own.jitter;
    this.tags = own.tags;
    this.#parentLoad = parent.load;
    this.#load = own.loadOver(parent.load);
  }

  get ttlMs(): number {
    return this.#own.ttlMs ?? this.#parent.ttlMs;
  }

  get load(): LoadPolicy {
    const { load } = this.#parent;
    if (load !== this.#parentLoad) {
      this.#parentLoad = load;
      this.#load = this.#own.loadOver(load);
    }
    return this.#load;
  }
}
