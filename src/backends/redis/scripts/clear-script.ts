import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { CHANNEL_LUA, SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Ends a namespace: its generation is replaced, and every head rises, since nobody knows whose entries are over.
 *
 * ```text
 * KEYS   heads · generation          ARGV   1 · 1 · unique text · 0 · number of heads · first shard · path          reply   1
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
IS_CHANGED = true
local count, first = tonumber(ARGV[5]), tonumber(ARGV[6])
local message = { 'C' .. pack('>I2', count) }
for index = 0, count - 1 do
  local version, head = raise(index, 0)
  message[index + 2] = pack('>I2I8I8', first + index, head, version)
end
message[count + 2] = ARGV[7]
local failure = finish()
tell(${CHANNEL_LUA}, table.concat(message))
return failure or 1
`,
);
