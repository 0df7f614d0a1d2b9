import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { ITEM_LUA } from "./item-lua.ts";
import { SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * A transaction: all checks, then all changes.
 *
 * ```text
 * KEYS   heads · generations … · key of each check … · key of each item …
 * ARGV   as `apply`, but before the items: check count · (K h n version judged verdict) …
 * reply  {1, version of each item (0: deleted) …} · {0} · {2, check, head and tags} "tell me whether this lives" · the server's error
 * ```
 *
 * Nothing is written before every check held. A full server refuses the first write, so all of them, or none.
 */
export const commitScript: RedisScript = defineRedisScript(
  "commit",
  `${SCRIPT_PRELUDE}${ITEM_LUA}
local checks = tonumber(ARGV[FIRST_ITEM])
local FIRST_KEY = 1 + LEVEL_COUNT

local function check(number)
  local key, meta = KEYS[FIRST_KEY + number], ARGV[FIRST_ITEM + number]
  local expected, judged, verdict = match(meta, '^...(%S+) (%S+) (%S+)$')
  expected = tonumber(expected)
  local version, flags, isLiveNow, p = look(key, byte(meta, 3) - 32, tonumber(judged), verdict == '1')
  if isLiveNow == nil then
    -- Neither answer could make another version the expected one.
    if expected ~= 0 and expected ~= version then return { 0 } end
    local question = unjudged(key, p, flags)
    if question then return { 2, number, question[2] } end
  end
  if (isLiveNow and version or 0) ~= expected then return { 0 } end
  return nil
end

for number = 1, checks do
  local reply = check(number)
  if reply then return reply end
end

local OPERATIONS = { [67] = setWith, [68] = remove }
local replies = { 1 }
local at = FIRST_ITEM + checks + 1
for item = 1, #KEYS - FIRST_KEY - checks do
  local key, meta = KEYS[FIRST_KEY + checks + item], ARGV[at]
  local code = byte(meta)
  local isDone, reply = pcall(OPERATIONS[code] or set, key, meta, ARGV[at + 1])
  if not isDone then reply = failureOf(reply) end
  if code == 68 then
    at = at + 1
    if isDone then reply = 0 end
  else
    at = at + 2
  end
  if type(reply) == 'table' then
    if reply.err then
      -- Of what was changed before it, if anything was, others hear.
      finish()
      return reply
    end
    reply = reply[2]
  end
  replies[item + 1] = reply
end
return finish() or replies
`,
);
