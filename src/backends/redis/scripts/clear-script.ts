import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { CHANGES_CHANNEL } from "../redis-key-layout.ts";
import { SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Ends a namespace: its generation is replaced, and every head rises, since nobody knows whose entries are over.
 *
 * ```text
 * KEYS   heads · generation          ARGV   1 · 1 · unique text · 0 · number of heads · path          reply   1
 * ```
 *
 * It may be repeated when its reply is lost: sent twice it clears twice. Never to the same generation, for another clear may have come between, and what
 * that one ended would live again.
 */
export const clearScript: RedisScript = defineRedisScript(
  "clear",
  `${SCRIPT_PRELUDE}
local before = try('GET', KEYS[2])
-- A full server refuses what needs room as the first write of a script. No DEL: while the slot moves to another node, this one may write no key
-- that it does not have.
call('PERSIST', KEYS[2])
call('SET', KEYS[2], newGeneration(KEYS[2] .. (type(before) == 'string' and before or '')))
for index = 0, tonumber(ARGV[5]) - 1 do nextVersion(index, 0) end
local failure = finish()
try('PUBLISH', '${CHANGES_CHANNEL}', 'C' .. ARGV[6])
return failure or 1
`,
);
