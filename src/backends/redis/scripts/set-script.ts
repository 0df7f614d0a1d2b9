import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_HEAD_BYTES } from "../record.ts";
import { WRITE_PRELUDE } from "./script-prelude.ts";

/**
 * Writes that ask nothing, the most frequent change: what `apply` does for items `S` and `L`, without all that the others need, which would take longer
 * to define than to run.
 *
 * ```text
 * KEYS, ARGV   as `apply`, without tags          reply   version of each item, or the server's error
 * ```
 */
export const setScript: RedisScript = defineRedisScript(
  "set",
  `${WRITE_PRELUDE}
local replies = {}
for item = 1, #KEYS - 1 - LEVEL_COUNT do
  local isDone, reply = pcall(set, KEYS[1 + LEVEL_COUNT + item], ARGV[4 + 2 * item], ARGV[5 + 2 * item])
  replies[item] = isDone and reply or failureOf(reply)
end
return finish() or replies
`,
);

/** Bytes of a record from which the script fills the head into what was written, instead of putting head and payload together: one copy less. */
export const LARGE_RECORD_BYTES: number = 1_024 + RECORD_HEAD_BYTES;
