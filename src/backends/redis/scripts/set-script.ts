import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_HEAD_BYTES, VERSION_LIMIT_BYTE } from "../record.ts";
import { CHANNEL_LUA, GENERATION_LUA, NAMES_LUA, TELL_LUA } from "./script-prelude.ts";

/** From how many items on heads are read and written as a whole; below, each by itself. */
const MANY_COUNT = 8;

/**
 * Writes that ask nothing, the most frequent change: what `apply` does for items `S`, `L` and `T`, straight on. Functions that a call defines and hardly uses, and
 * numbers that Lua turns into texts for a command, cost more than what is done: 15 instead of 19 microseconds for one item, 4.5 instead of 5.3 for each of 64.
 *
 * ```text
 * KEYS, ARGV   as `apply`, without tags          reply   version of each item, 0 for a `T` that is not there, or the server's error
 * ```
 *
 * Nothing in it throws: every command is asked with `pcall`, for the heads must be written whatever became of single items.
 */
export const setScript: RedisScript = defineRedisScript(
  "set",
  `${NAMES_LUA}${TELL_LUA}${GENERATION_LUA}
local COUNT = #KEYS - 1 - LEVEL_COUNT
local HEADS_KEY = KEYS[1]
local DATA, NOTHING = MAGIC .. '\\0', '\\0\\0\\0\\0\\0\\0\\0\\0'
local LIMIT = ${VERSION_LIMIT_BYTE} * 2^48
local HEADS = false
if COUNT >= ${MANY_COUNT} then
  HEADS = try('GET', HEADS_KEY)
  if type(HEADS) ~= 'string' then HEADS = '' end
end

local RAISED, RAISED_COUNT, CHANGES, CHANGE_COUNT, IS_CHANGED = {}, 0, { 'K' }, 1, false
local replies = {}
for item = 1, COUNT do
  local key, meta, payload = KEYS[1 + LEVEL_COUNT + item], ARGV[4 + 2 * item], ARGV[5 + 2 * item]
  local letter, place, namespace = byte(meta, 1, 3)
  local mark, failure = MARKS[namespace - 32], nil
  if not mark then mark, failure = markOf(namespace - 32, true) end
  if mark then
    place = (place - 32) * 8
    local version = US
    local head = RAISED[place]
    if not head then
      local text, at = HEADS, place + 1
      if not text then text, at = try('GETRANGE', HEADS_KEY, tostring(place), tostring(place + 7)), 1 end
      head = type(text) == 'string' and #text >= at + 7 and unpack('>I8', text, at) or 0
      if head >= LIMIT then head = 0 end
      RAISED_COUNT = RAISED_COUNT + 1
    end
    if head >= version then version = head + 1 end
    local p = try('GETRANGE', key, '0', '${RECORD_HEAD_BYTES - 1}')
    if type(p) == 'string' and #p == ${RECORD_HEAD_BYTES} and sub(p, 1, 3) == MAGIC then
      local previous = unpack('>I8', p, 5)
      if previous >= version and previous < LIMIT then version = previous + 1 end
    end
    RAISED[place] = version
    -- Whatever becomes of it, as in the other scripts.
    CHANGE_COUNT = CHANGE_COUNT + 1
    CHANGES[CHANGE_COUNT] = pack('>I8I8I4', head, version, #key) .. key

    local ttl = sub(meta, 4)
    local text = pack('>c4I8c8I8', DATA, version, mark, ttl == '0' and 0 or MS + tonumber(ttl))
    local reply
    if letter == 84 then
      reply = try('RENAME', payload, key)
    else
      local record = letter == 76 and payload or text .. payload
      reply = ttl == '0' and try('SET', key, record) or try('SET', key, record, 'PX', ttl)
    end
    if not reply.err and letter ~= 83 then
      if letter == 84 then reply = ttl == '0' and try('PERSIST', key) or try('PEXPIRE', key, ttl) end
      if type(reply) ~= 'table' or not reply.err then reply = try('SETRANGE', key, '0', text) end
    elseif letter == 84 then
      reply = 0
    end
    if reply ~= 0 and (type(reply) ~= 'table' or not reply.err) then
      IS_CHANGED = true
      reply = version
    end
    replies[item] = reply
  else
    replies[item] = failure
  end
end
if RAISED_COUNT == 0 then return REFUSAL or replies end

local failed
if HEADS then
  local size = #HEADS - #HEADS % 8
  for place in pairs(RAISED) do if place + 8 > size then size = place + 8 end end
  local parts = {}
  for place = 0, size - 8, 8 do
    local version = RAISED[place]
    parts[place / 8 + 1] = version and pack('>I8', version) or (place + 8 <= #HEADS and sub(HEADS, place + 1, place + 8) or NOTHING)
  end
  local reply = try('SET', HEADS_KEY, table.concat(parts))
  if reply.err then failed = reply end
else
  for place, version in pairs(RAISED) do
    local at, bytes = tostring(place), pack('>I8', version)
    local reply = try('SETRANGE', HEADS_KEY, at, bytes)
    if type(reply) == 'table' and find(reply.err, 'WRONGTYPE', 1, true) then
      try('DEL', HEADS_KEY)
      reply = try('SETRANGE', HEADS_KEY, at, bytes)
    end
    if type(reply) == 'table' then failed = reply end
  end
end
-- As the other scripts finish.
if failed and not IS_CHANGED then
  return (find(failed.err, 'READONLY', 1, true) or find(failed.err, 'NOREPLICAS', 1, true)) and failed or replies
end
tell(${CHANNEL_LUA}, table.concat(CHANGES))
return failed or replies
`,
);

/** Bytes of a record from which the script fills the head into what was written, instead of putting head and payload together: one copy less. */
export const LARGE_RECORD_BYTES: number = 1_024 + RECORD_HEAD_BYTES;

/**
 * Bytes of a value from which its record does not go through the script at all, which would copy it three times and have Lua's collector walk over it, but is laid
 * down by a SET before the call, and renamed by it.
 */
export const STAGED_BYTES = 2_048;
