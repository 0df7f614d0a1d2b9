import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Leases of locks. A lease is `token owner` under a key of its own that ends by the server's clock. Tokens come from one counter for each shard that has
 * no end, so that a token of a key never goes back, and nothing stays of keys that are locked no more.
 *
 * ```text
 * KEYS   lease · last token of the shard        ARGV   a(cquire) | e(xtend) | r(elease) · owner · ttl in ms
 * reply  {1, token} held · {2, ms} busy · {3} released · {0} lost
 * ```
 */
export const leaseScript: RedisScript = defineRedisScript(
  "lease",
  `${RECORD_SCRIPT_PRELUDE}
local found = try('GET', KEYS[1])
local token, owner = match(type(found) == 'string' and found or '', '^(%d+) (.*)$')
local isOwn = token and owner == ARGV[2]
if ARGV[1] == 'a' and not token then
  token = string.format('%.0f', math.max(US, (tonumber(try('GET', KEYS[2]) or '0') or 0) + 1))
  -- The counter first: a token that nobody got is harmless, one that is given twice is not.
  call('SET', KEYS[2], token)
  call('SET', KEYS[1], token .. ' ' .. ARGV[2], 'PX', ARGV[3])
  return { 1, tonumber(token) }
end
if not isOwn then
  if ARGV[1] == 'a' then return { 2, call('PTTL', KEYS[1]) } end
  return { 0 }
end
if ARGV[1] == 'r' then
  call('DEL', KEYS[1])
  return { 3 }
end
call('PEXPIRE', KEYS[1], ARGV[3])
return { 1, tonumber(token) }
`,
);
