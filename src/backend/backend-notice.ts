/** What a store with a network tells of itself, besides the answers to calls. `node` is a server's address. */
export type BackendNotice =
  /** A connection came up, or went away; `error` is why. */
  | {
      readonly kind: "connection";
      readonly node: string;
      readonly state: "connected" | "lost";
      readonly error?: unknown;
    }
  /** A breaker changed: `open` asks the server nothing, `half-open` tries one call, `closed` is normal. */
  | { readonly kind: "breaker"; readonly node: string; readonly state: "open" | "half-open" | "closed" }
  /** Something works, but with less than it should: a limit of an injected client, a server's setting. Told once each. */
  | { readonly kind: "warning"; readonly node?: string | undefined; readonly message: string };
