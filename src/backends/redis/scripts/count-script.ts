import { OP_ID_WINDOW_MS } from "../../../backend/counter.ts";
import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_HEAD_BYTES } from "../record.ts";
import { INTEGER_LUA } from "./integer-lua.ts";
import { ITEM_LUA } from "./item-lua.ts";
import { SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Counters. A key's operation ids are remembered beside it, so that the same request counts once.
 *
 * ```text
 * KEYS   heads · generations … · scratch · (key, key of the operation id or the key again) …
 * ARGV   as `apply`; items  I h n delta initial minimum maximum ttl judged verdict tags
 * reply  for each item: {1, value, version} · {3, value, version} as the first time · {0, "type" | "range"} · {2, head and tags} · the server's error
 * ```
 */
export const countScript: RedisScript = defineRedisScript(
  "count",
  `${SCRIPT_PRELUDE}${ITEM_LUA}${INTEGER_LUA}
local SCRATCH = KEYS[2 + LEVEL_COUNT]

local function remembered(key, opKey)
  if opKey == key then return nil end
  local found = try('GET', opKey)
  local version, value = match(type(found) == 'string' and found or '', '^(%d+) (.+)$')
  return version and { 3, value, tonumber(version) }
end

-- Payload of a counter, and the bytes before it that stay but for the version and a token: a load that is to replace it has not seen this count.
local function counterOf(key, flags)
  local record = call('GET', key)
  local hasToken = bit.band(flags, 16) ~= 0
  local first = ${RECORD_HEAD_BYTES} + (hasToken and 16 or 0)
  local at = first
  if bit.band(flags, 32) ~= 0 then at = at + 4 + #tagBlock(record, key, flags) end
  return sub(record, at + 1), sub(record, 13, 28), (hasToken and string.rep('\\0', 16) or '') .. sub(record, first + 1, at)
end

local function count(key, opKey, meta)
  local delta, initial, minimum, maximum, ttl, judged, verdict, tags =
    match(meta, '^...(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local before = remembered(key, opKey)
  if before then return before end
  local mark, failure = markOf(byte(meta, 3) - 32, true)
  if not mark then return failure end
  local version, flags, isLiveNow, p = look(key, byte(meta, 3) - 32, tonumber(judged), verdict == '1')
  if isLiveNow == nil then
    local question = unjudged(key, p, flags)
    if question then return question end
  end
  local current, fixed, middle = initial, nil, nil
  if isLiveNow then current, fixed, middle = counterOf(key, flags) end
  local sum, refusal = addIntegers(SCRATCH, current, delta)
  if not sum then return { 0, refusal } end
  if isSmaller(sum, minimum) or isSmaller(maximum, sum) then return { 0, 'range' } end
  local made = nextVersion(byte(meta, 2) - 32, version, key)
  local reply
  if isLiveNow then
    reply = try('SET', key, MAGIC .. char(flags) .. bytes8(made) .. fixed .. middle .. sum, 'KEEPTTL')
  else
    local block = tagsOf(tags, nil)
    local kind = block == '' and '\\0' or '\\32'
    reply = write(key, MAGIC .. kind .. bytes8(made) .. mark .. endOf(ttl) .. block .. sum, ttl)
  end
  if reply.err then return reply end
  IS_CHANGED = true
  if opKey ~= key then
    call('SET', opKey, string.format('%.0f', made) .. ' ' .. sum, 'PX', '${OP_ID_WINDOW_MS}')
  end
  return { 1, sum, made }
end

local replies = {}
local at = FIRST_ITEM
for first = 3 + LEVEL_COUNT, #KEYS, 2 do
  local isDone, reply = pcall(count, KEYS[first], KEYS[first + 1], ARGV[at])
  if not isDone then reply = failureOf(reply) end
  at = at + 1
  replies[at - FIRST_ITEM] = reply
end
return finish() or replies
`,
);
