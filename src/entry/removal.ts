/**
 * Why an entry left a local store.
 *
 * | cause | what happened |
 * |---|---|
 * | `evicted` | room was needed; the policy chose it |
 * | `expired` | its TTL was over |
 * | `replaced` | a write put another value in its place |
 * | `deleted` | a delete named its key |
 * | `invalidated` | one of its tags was invalidated, or its namespace was cleared |
 */
export type RemovalCause = "evicted" | "expired" | "replaced" | "deleted" | "invalidated";

/**
 * Told once per entry that left, with its stored key, when the store is in order again. It may call the store; what that
 * removes is told after it. It should not throw.
 */
export type RemovalListener = (storedKey: string, cause: RemovalCause) => void;
