import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_HEAD_BYTES } from "../record.ts";
import { ITEM_LUA } from "./item-lua.ts";
import { CHANNEL_LUA, SCRIPT_PRELUDE, TOMBSTONE_MS } from "./script-prelude.ts";

/**
 * Loads that one of many does.
 *
 * ```text
 * KEYS   heads · generations … · epoch · key of each item …
 * ARGV   as `apply`; items
 *        G h n token-ms takes-over judged verdict get or lease
 *        F h n token ttl stale-ms since tags      fill              then the payload
 *        N h n token version ttl stale-ms judged verdict   renew; `.` for no token
 *        R h n token                              give a token back
 *        V h n                                    invalidate
 * reply  for each item, with head and epoch in front:
 *        G {head, epoch, 1, record} hit · {head, epoch, 2, token, stale?, and beside a live entry version, version before} · {head, epoch, 3, ms, stale?} busy · {2, head and tags} question
 *        F, N, V {head, epoch, version} (0 refused; N: -1 the token stands, the data is not there; {2, head and tags} question) · R {head, epoch, 1 or 0} · the server's error
 * ```
 *
 * A token is sixteen hexadecimal digits that no other grant has; with it goes where the clock of tags stood, after a point (nothing in a cluster, where the
 * client asks for that). It lies in the record, beside data that is over and kept, or in a record of its own; whatever
 * writes the key writes over it. A record of a generation that is gone has no say: a clear voids every token. Where one lay beside data its sixteen bytes stay when it
 * is given back, all zero: to take them out the whole value would have to be written again.
 */
export const tierScript: RedisScript = defineRedisScript(
  "tier",
  `${SCRIPT_PRELUDE}${ITEM_LUA}
local EPOCH_KEY = KEYS[2 + LEVEL_COUNT]
local EPOCH = try('GET', EPOCH_KEY)
if type(EPOCH) ~= 'string' or not match(EPOCH, '^%S+ %d+$') then
  EPOCH = sub(redis.sha1hex(ARGV[3] .. EPOCH_KEY .. string.format('%.0f', US)), 1, 20) .. ' ' .. string.format('%.0f', MS)
  call('SET', EPOCH_KEY, EPOCH)
end

local NO_TOKEN = string.rep('\\0', 16)

local function answer(index, ...)
  return { RAISED[index] or headOf(index), EPOCH, ... }
end

-- The token of a record and its end; nil when there is none that stands.
local function tokenOf(p, flags, namespace)
  if bit.band(flags, 16) == 0 or #p < ${RECORD_HEAD_BYTES + 16} or not isOfGeneration(p, namespace) then return nil end
  local untilMs = unpack('>I8', p, ${RECORD_HEAD_BYTES + 9})
  if untilMs == 0 then return nil end
  return sub(p, ${RECORD_HEAD_BYTES + 1}, ${RECORD_HEAD_BYTES + 8}), untilMs
end

local function toHex(bytes)
  return (string.gsub(bytes, '.', function(c) return string.format('%02x', byte(c)) end))
end

-- Whether there is data of the generation, live or over.
local function hasData(p, version, flags, namespace)
  return version > 0 and bit.band(flags, 3) == 0 and isOfGeneration(p, namespace)
end

-- Puts a token beside data. Returns the server's error, or nil and the version that the data has now.
local function putToken(key, p, isLiveNow, grant, tokenMs, index)
  local version, flags = open(p)
  local remaining = call('PTTL', key)
  local isShort = remaining >= 0 and remaining < tokenMs
  local made, flagsMade = version, bit.bor(flags, 16)
  if isLiveNow then
    made = nextVersion(index, version, key)
    -- The server has it beyond its end now: its readers must look at that.
    if isShort then flagsMade = bit.bor(flagsMade, 64) end
  end
  local head = sub(p, 1, 3) .. char(flagsMade) .. bytes8(made) .. sub(p, 13, ${RECORD_HEAD_BYTES}) .. grant
  local reply
  if bit.band(flags, 16) ~= 0 then reply = try('SETRANGE', key, 0, head)
  else reply = try('SET', key, head .. call('GETRANGE', key, ${RECORD_HEAD_BYTES}, -1), 'KEEPTTL') end
  if type(reply) == 'table' and reply.err then return reply end
  if isShort then call('PEXPIRE', key, tokenMs) end
  if isLiveNow then IS_CHANGED = true end
  return nil, made
end

-- The clock of tags: what is invalidated later has a larger number. Nothing where the clock lies in another slot.
local function tagsSeen()
  if not HAS_TAGS_HERE then return '' end
  return call('HGET', CLOCK, 'now') or string.format('%.0f', (nextTagNumber()))
end

local function getOrLease(key, meta)
  local index, namespace = byte(meta, 2) - 32, byte(meta, 3) - 32
  local tokenMs, takesOver, judged, verdict = match(meta, '^...(%S+) (%S+) (%S+) (%S+)$')
  tokenMs, takesOver = tonumber(tokenMs), takesOver == '1'
  local mark, failure = markOf(namespace, true)
  if not mark then return failure end
  local version, flags, isLiveNow, p = look(key, namespace, tonumber(judged), verdict == '1')
  if isLiveNow == nil then
    local question = unjudged(key, p, flags)
    if question then return question end
  end
  if isLiveNow and not takesOver then return answer(index, 1, call('GET', key)) end
  local isData = hasData(p, version, flags, namespace)
  local stale = isData and not isLiveNow and call('GET', key) or nil
  local token, untilMs = tokenOf(p, flags, namespace)
  if token and untilMs > MS and not takesOver then return answer(index, 3, untilMs - MS, stale) end
  token = newGeneration(key .. MS)
  local grant = token .. bytes8(MS + tokenMs)
  if isData then
    local refusal, made = putToken(key, p, isLiveNow, grant, tokenMs, index)
    if refusal then return refusal end
    if isLiveNow then return answer(index, 2, toHex(token) .. '.' .. tagsSeen(), false, made, version) end
  else
    local known = math.max(version, headOf(index), 1)
    local lease = MAGIC .. '\\18' .. bytes8(known) .. mark .. '\\0\\0\\0\\0\\0\\0\\0\\0' .. grant
    local reply = try('SET', key, lease, 'PX', string.format('%.0f', tokenMs + ${TOMBSTONE_MS}))
    if reply.err then return reply end
  end
  return answer(index, 2, toHex(token) .. '.' .. tagsSeen(), stale)
end

local function holdsToken(p, flags, namespace, token)
  local found = tokenOf(p, flags, namespace)
  return found and toHex(found) == token
end

-- Takes the token out of a record that has one; beside data its place stays.
local function giveBack(key, flags)
  if bit.band(flags, 3) == 2 then
    -- The shard's head is not below its version, so nothing is forgotten.
    call('DEL', key)
  else
    call('SETRANGE', key, ${RECORD_HEAD_BYTES}, NO_TOKEN)
  end
  tell(${CHANNEL_LUA}, 'R' .. key)
end

local function fill(key, meta, payload)
  local index, namespace = byte(meta, 2) - 32, byte(meta, 3) - 32
  local token, ttl, staleMs, since, tags = match(meta, '^...(%S+) (%S+) (%S+) (%S+) (%S+)$')
  local p = try('GETRANGE', key, 0, ${RECORD_HEAD_BYTES + 15})
  local version, flags = open(p)
  if not version or not holdsToken(p, flags, namespace, token) then return answer(index, 0) end
  local block = tagsOf(tags, tonumber(since))
  if not block then
    -- What was loaded is too old. The next one loads at once.
    giveBack(key, flags)
    return answer(index, 0)
  end
  local made = nextVersion(index, version, key)
  local flagsMade, kept = keeping(block, ttl, staleMs)
  local record = MAGIC .. char(flagsMade) .. bytes8(made) .. markOf(namespace, true) .. endOf(ttl) .. block .. payload
  local reply = write(key, record, kept)
  if reply.err then return reply end
  IS_CHANGED = true
  return answer(index, made)
end

-- Gives data another end. Its value stays where it lies.
local function renew(key, meta)
  local index, namespace = byte(meta, 2) - 32, byte(meta, 3) - 32
  local token, expected, ttl, staleMs, judged, verdict = match(meta, '^...(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local version, flags, _, p = look(key, namespace, 0, false)
  local hasToken = token ~= '.'
  if hasToken and not holdsToken(p, flags, namespace, token) then return answer(index, 0) end
  if version ~= tonumber(expected) or bit.band(flags, 3) ~= 0 or not isOfGeneration(p, namespace) then
    return answer(index, hasToken and -1 or 0)
  end
  local endsAt = unpack('>I8', p, 21)
  -- Without a token somebody may be loading what comes after it.
  if not hasToken and endsAt > 0 and endsAt <= MS then return answer(index, 0) end
  local doTagsStand = tagsStand(p, key, version, flags, tonumber(judged), verdict == '1')
  if doTagsStand == nil then
    local question = unjudged(key, p, flags)
    if question then return question end
  end
  if not doTagsStand then
    if hasToken then giveBack(key, flags) end
    return answer(index, 0)
  end
  local made = nextVersion(index, version, key)
  local flagsMade, kept = keeping(bit.band(flags, 32) == 0 and '' or 'tags', ttl, staleMs)
  flagsMade = flagsMade + bit.band(flags, 16)
  -- The first of these is no write that a full server refuses, so the second cannot fail after it.
  if kept == '0' then call('PERSIST', key) else call('PEXPIRE', key, kept) end
  local head = char(flagsMade) .. bytes8(made) .. sub(p, 13, 20) .. endOf(ttl)
  call('SETRANGE', key, 3, bit.band(flags, 16) == 0 and head or head .. NO_TOKEN)
  IS_CHANGED = true
  return answer(index, made)
end

local function release(key, meta)
  local index, namespace = byte(meta, 2) - 32, byte(meta, 3) - 32
  local p = try('GETRANGE', key, 0, ${RECORD_HEAD_BYTES + 15})
  local version, flags = open(p)
  if not version or not holdsToken(p, flags, namespace, sub(meta, 4)) then return answer(index, 0) end
  giveBack(key, flags)
  return answer(index, 1)
end

local function invalidate(key, meta)
  local index = byte(meta, 2) - 32
  local made = nextVersion(index, open(try('GETRANGE', key, 0, ${RECORD_HEAD_BYTES - 1})) or 0, key)
  bury(key, made)
  IS_CHANGED = true
  return answer(index, made)
end

local OPERATIONS = { [71] = getOrLease, [70] = fill, [78] = renew, [82] = release, [86] = invalidate }
local replies = {}
local at = FIRST_ITEM
for item = 1, #KEYS - 2 - LEVEL_COUNT do
  local code = byte(ARGV[at])
  local isDone, reply = pcall(OPERATIONS[code], KEYS[2 + LEVEL_COUNT + item], ARGV[at], ARGV[at + 1])
  at = at + (code == 70 and 2 or 1)
  if not isDone then reply = failureOf(reply) end
  replies[item] = reply
end
return finish() or replies
`,
);

/**
 * The table of nodes: a hash of `id → end of the lease in ms, space, info`, when it came to be, and the server that says so: one that was restarted or promoted may lack the newest
 * entries, so its table is as young as if it had none.
 *
 * ```text
 * KEYS   table          ARGV   renew · id · lease in ms · info  |  leave · id  |  list  |  announce · id · ms · info
 * reply  the age of the table in ms, then, for list, of each node: id, ms left, info; for announce, of each announcement
 * ```
 */
export const nodesScript: RedisScript = defineRedisScript(
  "nodes",
  `
local call, match = redis.call, string.match
local TIME = call('TIME')
local MS = TIME[1] * 1000 + math.floor(TIME[2] / 1000)
local text = string.format('%.0f', MS)
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and match(info, 'run_id:(%x+)') or ''
if call('HGET', KEYS[1], 'run') ~= run then call('HSET', KEYS[1], 'run', run, 'born', text) end
local reply = { MS - (tonumber(call('HGET', KEYS[1], 'born')) or MS) }
if ARGV[1] == 'renew' then
  call('HSET', KEYS[1], 'n' .. ARGV[2], string.format('%.0f', MS + tonumber(ARGV[3])) .. ' ' .. ARGV[4])
elseif ARGV[1] == 'leave' then
  call('HDEL', KEYS[1], 'n' .. ARGV[2], 'a' .. ARGV[2])
else
  -- Leases are short, and nobody waits for who only said where it is.
  local kind = 'n'
  if ARGV[1] == 'announce' then
    kind = 'a'
    call('HSET', KEYS[1], 'a' .. ARGV[2], string.format('%.0f', MS + tonumber(ARGV[3])) .. ' ' .. ARGV[4])
  end
  local fields = call('HGETALL', KEYS[1])
  for at = 1, #fields, 2 do
    local untilMs, info = match(fields[at + 1], '^(%d+) (.*)$')
    if string.sub(fields[at], 1, 1) == kind then
      if untilMs and tonumber(untilMs) > MS then
        reply[#reply + 1] = string.sub(fields[at], 2)
        reply[#reply + 1] = tonumber(untilMs) - MS
        reply[#reply + 1] = info
      else
        call('HDEL', KEYS[1], fields[at])
      end
    end
  end
end
return reply
`,
);
