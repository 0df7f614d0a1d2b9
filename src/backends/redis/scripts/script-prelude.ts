import { RECORD_HEAD_BYTES, VERSION_LIMIT_BYTE } from "../record.ts";
import { TAG_CLOCK_KEY, TAG_PREFIX } from "../redis-key-layout.ts";

/**
 * How long a tombstone stays: as long as the longest load that is allowed to hold a token, so that whoever comes late meets a version and no token.
 * The shard's head keeps versions growing beyond that.
 */
export const TOMBSTONE_MS = 60_000;

/** How many tags share one place in the memory of forgotten tags; see {@link TAG_LUA}. */
const TAG_BUCKET_COUNT = 1_024;

/** Names, and the server's time. */
export const NAMES_LUA: string = `
local KEYS, ARGV = KEYS, ARGV
local call, try = redis.call, redis.pcall
local pack, unpack = struct.pack, struct.unpack
local sub, byte, char, match, find = string.sub, string.byte, string.char, string.match, string.find
local floor = math.floor
local MAGIC = '\\199\\88\\1'
local TIME = call('TIME')
local US = TIME[1] * 1000000 + TIME[2]
local MS = floor(US / 1000)
-- The error of a server that takes no writes at all, met where a generation was to be made.
local REFUSAL = nil
`;

/**
 * `tell(channel, message)`: publishes. A channel with a hash tag is one of a cluster's slot; what nobody hears there, and what may not be said there, is told on the channel for all, which is
 * what is before the tag. So the processes of a fleet that do not hear channels of slots still hear of changes, as long as nobody does, and so does everybody while a slot is on its way to
 * another server. Calls that follow a slot to a server which does not have it yet (ASK) publish there, where nobody can listen.
 */
export const TELL_LUA: string = `
local function tell(channel, message)
  local tag = find(channel, ':{', 1, true)
  if tag then
    local heard = try('SPUBLISH', channel, message)
    if type(heard) == 'number' and heard > 0 then return end
    channel = sub(channel, 1, tag - 1)
  end
  try('PUBLISH', channel, message)
end
`;

/** That, and records. */
const RECORD_LUA: string = `${NAMES_LUA}${TELL_LUA}
-- Version and flags of a record; nil for anything else.
local function open(p)
  if type(p) ~= 'string' or #p < ${RECORD_HEAD_BYTES} or sub(p, 1, 3) ~= MAGIC then return nil end
  local high, second = byte(p, 5, 6)
  if high ~= 0 or second >= ${VERSION_LIMIT_BYTE} then return nil end
  return unpack('>I8', p, 5), byte(p, 4)
end

local function bytes8(n) return pack('>I8', n) end

-- What pcall caught as a server's error, whose first word says its kind; versions of the server wrap it differently.
local function failureOf(caught)
  if type(caught) == 'table' then return caught end
  return { err = match(caught, '%u%u+ .+$') or 'ERR ' .. tostring(caught) }
end
`;

/** The channel, which the client says: a script does not know the number of its database. */
export const CHANNEL_LUA = "sub(ARGV[4], 2)";

/**
 * Heads, versions and what is told of changes.
 *
 * A version is larger than the record's, the shard's head and the server's time allow no smaller one. Heads are written by `finish`, which runs
 * whatever became of the items: a head that is too high costs a probe, one that is too low would hide a change.
 *
 * Whatever raises a head is told, with the head before it: so who hears every message knows every change. Also items that fail afterwards, which nobody can tell
 * from a change that was made in part: an entry that is read again for nothing costs less than a chain that is broken.
 */
const VERSION_LUA = `
local HEADS = try('GET', KEYS[1])
if type(HEADS) ~= 'string' then HEADS = '' end
local RAISED, RAISED_COUNT, CHANGES, CHANGE_COUNT, IS_CHANGED = {}, 0, { 'K' }, 1, false

local function headOf(index)
  local at = index * 8 + 1
  if #HEADS < at + 7 then return 0 end
  local high, second = byte(HEADS, at, at + 1)
  if high ~= 0 or second >= ${VERSION_LIMIT_BYTE} then return 0 end
  return unpack('>I8', HEADS, at)
end

-- The shard's new head, and the one before.
local function raise(index, previous)
  local head = RAISED[index]
  if not head then
    head = headOf(index)
    RAISED_COUNT = RAISED_COUNT + 1
  end
  local version = US
  if head >= version then version = head + 1 end
  if previous >= version then version = previous + 1 end
  RAISED[index] = version
  return version, head
end

local function nextVersion(index, previous, key)
  local version, head = raise(index, previous)
  CHANGE_COUNT = CHANGE_COUNT + 1
  CHANGES[CHANGE_COUNT] = pack('>I8I8I4', head, version, #key) .. key
  return version
end

-- Returns the server's error when entries were changed and their heads could not be; and when the server takes no writes at all: then nothing was changed, and
-- the client, which looks at the error of a whole call, finds the primary and sends it again.
local function finish()
  if RAISED_COUNT == 0 then return REFUSAL end
  local size = #HEADS
  for index in pairs(RAISED) do if index * 8 + 8 > size then size = index * 8 + 8 end end
  local text = HEADS .. string.rep('\\0', size - #HEADS)
  if RAISED_COUNT < 8 then
    for index, version in pairs(RAISED) do
      text = sub(text, 1, index * 8) .. bytes8(version) .. sub(text, index * 8 + 9)
    end
  else
    local parts = {}
    for index = 0, size / 8 - 1 do
      local version = RAISED[index]
      parts[index + 1] = version and bytes8(version) or sub(text, index * 8 + 1, index * 8 + 8)
    end
    text = table.concat(parts)
  end
  local reply = try('SET', KEYS[1], text)
  if reply.err and not IS_CHANGED then
    return (find(reply.err, 'READONLY', 1, true) or find(reply.err, 'NOREPLICAS', 1, true)) and reply or nil
  end
  -- Who may not publish is told so when it connects; nothing depends on messages.
  if CHANGE_COUNT > 1 then tell(${CHANNEL_LUA}, table.concat(CHANGES)) end
  return reply.err and reply or nil
end
`;

/**
 * Generations of namespaces. KEYS[2] … are those of all levels that the call's namespaces lie in; ARGV[1] says how many, ARGV[2] which belong to
 * which namespace (`1;1,2`), ARGV[3] is a text that no other call ever sends. A generation is eight bytes drawn from that text, its own key and the time, so
 * one that was lost comes back as another, whatever the clock does, and also when the call is sent again. The mark of a namespace is the exclusive or of
 * its levels'.
 */
export const GENERATION_LUA: string = `
local LEVEL_COUNT = tonumber(ARGV[1])
local NAMESPACES, MARKS = {}, {}
for levels in string.gmatch(ARGV[2], '[^;]+') do NAMESPACES[#NAMESPACES + 1] = levels end

local function newGeneration(key)
  local digest = redis.sha1hex(ARGV[3] .. key .. string.format('%.0f', US))
  return pack('>I4I4', tonumber(sub(digest, 1, 8), 16), tonumber(sub(digest, 9, 16), 16))
end

-- The mark; false when a generation is missing and none is to be made; false and the server's error when it cannot be.
local function markOf(namespace, isMade)
  local mark = MARKS[namespace]
  if mark or (mark == false and not isMade) then return mark end
  local high, low = 0, 0
  for level in string.gmatch(NAMESPACES[namespace], '%d+') do
    local key = KEYS[1 + tonumber(level)]
    local generation = try('GET', key)
    if type(generation) ~= 'string' or #generation ~= 8 then
      if not isMade then
        MARKS[namespace] = false
        return false
      end
      generation = newGeneration(key)
      local reply = try('SET', key, generation)
      if reply.err then
        if find(reply.err, 'READONLY', 1, true) or find(reply.err, 'NOREPLICAS', 1, true) then REFUSAL = reply end
        return false, reply
      end
    end
    local a, b = unpack('>I4I4', generation)
    high, low = bit.bxor(high, a), bit.bxor(low, b)
  end
  mark = pack('>i4i4', high, low)
  MARKS[namespace] = mark
  return mark
end
`;

/**
 * Marks of tags.
 *
 * A tag has a record with the number of its last invalidation. One that was never invalidated, or whose record the server evicted, takes the number of the
 * last invalidation among the tags of its bucket, or that of the clock's birth: so it is never older than the truth, and equal to it unless a
 * neighbour was invalidated since. Only when the clock itself was evicted does every forgotten tag count as invalidated.
 */
const TAG_LUA = `
local TAGS, CLOCK = '${TAG_PREFIX}', '${TAG_CLOCK_KEY}'

local function numberOf(text) return tonumber(text or '') or 0 end

local function bucketOf(tag)
  return tostring(tonumber(sub(redis.sha1hex(tag), 1, 6), 16) % ${TAG_BUCKET_COUNT})
end

-- The clock's next number, and the one before; also makes the clock when it is missing. Whoever moves a clock that is there publishes both.
local function nextTagNumber()
  local found = call('HMGET', CLOCK, 'now', 'born')
  local before = numberOf(found[1])
  local number = math.max(US, before + 1)
  local text = string.format('%.0f', number)
  if not found[2] then call('HSET', CLOCK, 'born', text) end
  call('HSET', CLOCK, 'now', text)
  return number, before
end

-- Eight bytes. Writes the tag's record when it is missing.
local function tagMark(tag)
  local mark = try('GET', TAGS .. tag)
  if type(mark) == 'string' and #mark == 8 then return mark end
  local found = call('HMGET', CLOCK, bucketOf(tag), 'born')
  local number = found[2] and math.max(numberOf(found[1]), numberOf(found[2])) or nextTagNumber()
  mark = bytes8(number)
  call('SET', TAGS .. tag, mark)
  return mark
end
`;

/**
 * Whether a record lives. ARGV[4] begins with `1` where tags can be looked up in the same step (one server), `0` where they lie in another slot; behind it is the channel. There the answer
 * for a record with tags is nil, unless the caller brings its own for exactly this version.
 */
const LIFE_LUA = `
local HAS_TAGS_HERE = byte(ARGV[4]) == 49

local function tagBlock(p, key, flags)
  local at = ${RECORD_HEAD_BYTES} + (bit.band(flags, 16) ~= 0 and 16 or 0)
  local head = #p >= at + 4 and sub(p, at + 1, at + 4) or call('GETRANGE', key, at, at + 3)
  if #head < 4 then return nil end
  local length = unpack('>I4', head)
  local from, to = at + 5, at + 4 + length
  local block = #p >= to and sub(p, from, to) or call('GETRANGE', key, from - 1, to - 1)
  if #block ~= length then return nil end
  return block
end

local function areTagsCurrent(block)
  local at = 1
  while at <= #block do
    if at + 9 > #block then return false end
    local length = unpack('>I2', block, at + 8)
    local tag = sub(block, at + 10, at + 9 + length)
    if #tag ~= length or try('GET', TAGS .. tag) ~= sub(block, at, at + 7) then return false end
    at = at + 10 + length
  end
  return true
end

local function isOfGeneration(p, namespace)
  local mark = markOf(namespace, false)
  return mark and sub(p, 13, 20) == mark
end

-- Whether nothing invalidated the tags that data carries since it was written; nil for "not judged here".
local function tagsStand(p, key, version, flags, judgedVersion, verdict)
  if bit.band(flags, 32) == 0 then return true end
  if version == judgedVersion then return verdict end
  if not HAS_TAGS_HERE then return nil end
  local block = tagBlock(p, key, flags)
  return block ~= nil and areTagsCurrent(block)
end

local function isLive(p, key, version, flags, namespace, judgedVersion, verdict)
  if bit.band(flags, 3) ~= 0 or not isOfGeneration(p, namespace) then return false end
  local endsAt = unpack('>I8', p, 21)
  if endsAt > 0 and endsAt <= MS then return false end
  return tagsStand(p, key, version, flags, judgedVersion, verdict)
end
`;

/**
 * A write that asks nothing. `L` items bring a whole record, and `T` items the key where one lies; its head is filled in once it is stored, and nobody sees it in
 * between. A `T` record that is not there (any more) is answered by 0.
 */
const SET_LUA = `
local function write(key, record, ttl)
  if ttl == '0' then return try('SET', key, record) end
  return try('SET', key, record, 'PX', ttl)
end

local function endOf(ttl)
  if ttl == '0' then return '\\0\\0\\0\\0\\0\\0\\0\\0' end
  return bytes8(MS + tonumber(ttl))
end

local function set(key, meta, payload)
  local letter, index, namespace = byte(meta, 1, 3)
  index = index - 32
  local ttl = sub(meta, 4)
  local previous = open(try('GETRANGE', key, '0', '${RECORD_HEAD_BYTES - 1}')) or 0
  local mark, failure = markOf(namespace - 32, true)
  if not mark then return failure end
  local version = nextVersion(index, previous, key)
  local head = MAGIC .. '\\0' .. bytes8(version) .. mark .. endOf(ttl)
  if letter == 84 then
    if try('RENAME', payload, key).err then return 0 end
    if ttl == '0' then call('PERSIST', key) else call('PEXPIRE', key, ttl) end
  else
    local reply = write(key, letter == 76 and payload or head .. payload, ttl)
    if reply.err then return reply end
  end
  IS_CHANGED = true
  if letter ~= 83 then call('SETRANGE', key, '0', head) end
  return version
end
`;

/** What every script that changes entries begins with. */
export const SCRIPT_PRELUDE: string = RECORD_LUA + VERSION_LUA + GENERATION_LUA + SET_LUA + TAG_LUA + LIFE_LUA;

/** For scripts that know tags and no entries. */
export const TAG_SCRIPT_PRELUDE: string = RECORD_LUA + TAG_LUA;

/** For scripts that need the server's time and records only. */
export const RECORD_SCRIPT_PRELUDE: string = RECORD_LUA;
