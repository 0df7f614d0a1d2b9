import { OP_ID_WINDOW_MS } from "../../../backend/counter.ts";
import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { INTEGER_LUA } from "./integer-lua.ts";

/** Values without heads. The version of one is the first 52 bits of its SHA-1, as `plain-entry.ts` takes it. */
const PLAIN_LUA = `
local call, try = redis.call, redis.pcall
local sub, byte, match = string.sub, string.byte, string.match

local function versionOf(value)
  return math.max(1, tonumber(sub(redis.sha1hex(value), 1, 13), 16))
end

-- The value, or false for nothing and for what is no text.
local function valueOf(key)
  local value = try('GET', key)
  return type(value) == 'string' and value
end

local function write(key, value, ttl)
  if ttl == '0' then return call('SET', key, value) end
  return call('SET', key, value, 'PX', ttl)
end
`;

/**
 * Values with the time they have left, of one moment.
 *
 * ```text
 * KEYS   key …          ARGV   none          reply   value, PTTL of each; a value that is none is nil
 * ```
 */
export const plainReadScript: RedisScript = defineRedisScript(
  "plain-read",
  `${PLAIN_LUA}
local found = {}
for index, key in ipairs(KEYS) do
  found[2 * index - 1] = valueOf(key)
  found[2 * index] = call('PTTL', key)
end
return found
`,
);

/**
 * A write that asks something.
 *
 * ```text
 * KEYS   key          ARGV   value · ttl in ms, 0 for ever · - | a(bsent) | v(ersion) · version · wants previous: 1 or 0
 * reply  {1 or 0, version found or 0, previous?, its PTTL?}
 * ```
 */
export const plainSetScript: RedisScript = defineRedisScript(
  "plain-set",
  `${PLAIN_LUA}
local found = valueOf(KEYS[1])
local condition = ARGV[3]
local version = 0
if found and condition ~= '-' then version = versionOf(found) end
-- What is no text is no entry, but it is somebody's: whoever wants to be the first is not.
local isRefused = (condition == 'a' and (found or call('EXISTS', KEYS[1]) == 1)) or (condition == 'v' and not (found and version == tonumber(ARGV[4])))
local reply = { isRefused and 0 or 1, version }
if ARGV[5] == '1' and found then
  reply[3] = found
  reply[4] = call('PTTL', KEYS[1])
end
if not isRefused then write(KEYS[1], ARGV[1], ARGV[2]) end
return reply
`,
);

/**
 * Takes an end away.
 *
 * ```text
 * KEYS   key          ARGV   none          reply   1 or 0: was it there
 * ```
 */
export const plainPersistScript: RedisScript = defineRedisScript(
  "plain-persist",
  `${PLAIN_LUA}
if call('EXISTS', KEYS[1]) == 0 then return 0 end
call('PERSIST', KEYS[1])
return 1
`,
);

/**
 * A transaction: all checks, then all changes.
 *
 * ```text
 * KEYS   key of each check … · key of each change …
 * ARGV   check count · version of each check (0: absent) … · for each change: value, ttl, or the empty text, - for a delete
 * reply  1 or 0
 * ```
 */
export const plainCommitScript: RedisScript = defineRedisScript(
  "plain-commit",
  `${PLAIN_LUA}
local checks = tonumber(ARGV[1])
for index = 1, checks do
  local found = valueOf(KEYS[index])
  if (found and versionOf(found) or 0) ~= tonumber(ARGV[1 + index]) then return 0 end
  if not found and call('EXISTS', KEYS[index]) == 1 then return 0 end
end
for index = checks + 1, #KEYS do
  local at = 2 * index - checks
  if ARGV[at + 1] == '-' then call('DEL', KEYS[index]) else write(KEYS[index], ARGV[at], ARGV[at + 1]) end
end
return 1
`,
);

/**
 * A counter, as decimal text that INCRBY takes too.
 *
 * ```text
 * KEYS   key · scratch · key of the operation id or the key again
 * ARGV   delta · initial · minimum · maximum · ttl
 * reply  {1, value} · {3, value} as the first time · {0, "type" | "range"}
 * ```
 */
export const plainCountScript: RedisScript = defineRedisScript(
  "plain-count",
  `${PLAIN_LUA}${INTEGER_LUA}
local key, opKey = KEYS[1], KEYS[3]
local before = opKey ~= key and valueOf(opKey)
if before then return { 3, before } end
local found = try('GET', key)
if type(found) == 'table' then return { 0, 'type' } end
local sum, refusal = addIntegers(KEYS[2], found or ARGV[2], ARGV[1])
if not sum then return { 0, refusal } end
if isSmaller(sum, ARGV[3]) or isSmaller(ARGV[4], sum) then return { 0, 'range' } end
if found then call('SET', key, sum, 'KEEPTTL') else write(key, sum, ARGV[5]) end
if opKey ~= key then call('SET', opKey, sum, 'PX', '${OP_ID_WINDOW_MS}') end
return { 1, sum }
`,
);
