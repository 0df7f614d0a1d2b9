import { RECORD_HEAD_BYTES } from "../record.ts";
import { TOMBSTONE_MS } from "./script-prelude.ts";

/** How much of a record is read at first where its tags may matter: heads with a few tags fit. */
const PEEK_BYTES = 256;

/**
 * What is done to single entries. Items say by characters, each 32 above its number, which place in the record of heads and which namespace is theirs:
 *
 * ```text
 * S h n ttl                                                     set, nothing asked       then the payload
 * L h n ttl                                                     the same                 then a record whose head is to be filled in
 * T h n ttl                                                     the same                 then the key of such a record
 * C h n ttl stale condition version previous judged verdict since tags  set, with any question   then the payload
 * D h n judged verdict                                          delete
 * E h n ttl judged verdict                                      expire
 * ```
 *
 * `judged` is a version and `verdict` whether it lives, `0 0` where nothing was judged; D takes `- 0` where nobody asks whether it lived.
 * TTLs in ms, 0 for ever; `stale` is how long beyond its TTL the data is kept, in ms. Conditions: `-` none, `a` absent, `v` version, `x` never. `tags` are indexes into the call's tags, with commas, or `-`.
 */
export const ITEM_LUA: string = `
-- The call's tags: names, and marks where the caller knows them.
local TAG_NAMES, TAG_MARKS = {}, {}
local FIRST_ITEM = 6 + 2 * tonumber(ARGV[5])
for index = 1, tonumber(ARGV[5]) do
  TAG_NAMES[index] = ARGV[4 + 2 * index]
  local mark = ARGV[5 + 2 * index]
  if mark ~= '' then TAG_MARKS[index] = bytes8(tonumber(mark)) end
end

local function markOfTag(index)
  local mark = TAG_MARKS[index]
  if not mark then
    mark = tagMark(TAG_NAMES[index])
    TAG_MARKS[index] = mark
  end
  return mark
end

-- Length and block of tags as a record has them; nil when one was invalidated after the stamp.
local function tagsOf(indexes, since)
  if indexes == '-' then return '' end
  local parts = {}
  for index in string.gmatch(indexes, '%d+') do
    index = tonumber(index)
    local mark = markOfTag(index)
    if since and unpack('>I8', mark) > since then return nil end
    local tag = TAG_NAMES[index]
    parts[#parts + 1] = mark .. pack('>I2', #tag) .. tag
  end
  local block = table.concat(parts)
  return pack('>I4', #block) .. block
end

-- Version, flags, and life of what is under a key: true, false, or nil for "not judged here".
local function look(key, namespace, judgedVersion, verdict)
  local p = try('GETRANGE', key, 0, ${PEEK_BYTES - 1})
  local version, flags = open(p)
  if not version then return 0, 0, false, p end
  return version, flags, isLive(p, key, version, flags, namespace, judgedVersion, verdict), p
end

-- What the caller needs to judge by the tags.
local function unjudged(key, p, flags)
  local block = tagBlock(p, key, flags)
  if not block then return nil end
  local token = bit.band(flags, 16) ~= 0 and 16 or 0
  return { 2, sub(p, 1, ${RECORD_HEAD_BYTES} + token) .. pack('>I4', #block) .. block }
end

local function bury(key, version)
  local tombstone = MAGIC .. '\\1' .. bytes8(version) .. '\\0\\0\\0\\0\\0\\0\\0\\0' .. bytes8(MS + ${TOMBSTONE_MS})
  local reply = try('SET', key, tombstone, 'PX', '${TOMBSTONE_MS}')
  -- A full server refuses what needs room as the first write of a script, and nothing after one that gives room.
  if reply.err then
    call('DEL', key)
    call('SET', key, tombstone, 'PX', '${TOMBSTONE_MS}')
  end
end

local function refused(key, version, isLiveNow, wantsPrevious)
  if not isLiveNow then return { 0, 0 } end
  if wantsPrevious then return { 0, version, call('GET', key) } end
  return { 0, version }
end

-- Flags of data with these tags, and how long the server keeps it.
local function keeping(block, ttl, staleMs)
  local flags = block == '' and 0 or 32
  if staleMs == '0' or ttl == '0' then return flags, ttl end
  return flags + 64, string.format('%.0f', tonumber(ttl) + tonumber(staleMs))
end

local function setWith(key, meta, payload)
  local index, namespace = byte(meta, 2) - 32, byte(meta, 3) - 32
  local ttl, staleMs, condition, expected, previous, judged, verdict, since, tags =
    match(meta, '^...(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  local mark, failure = markOf(namespace, true)
  if not mark then return failure end
  local version, flags, isLiveNow, p = look(key, namespace, tonumber(judged), verdict == '1')
  local wantsPrevious = previous == '1'
  if isLiveNow == nil then
    local question = unjudged(key, p, flags)
    if question and (condition ~= '-' or wantsPrevious) then return question end
    isLiveNow = false
  end
  local isRefused = condition == 'x' or (condition == 'a' and isLiveNow)
    or (condition == 'v' and not (isLiveNow and version == tonumber(expected)))
  local block = not isRefused and tagsOf(tags, tonumber(since))
  if not block then return refused(key, version, isLiveNow, wantsPrevious) end
  local replaced = wantsPrevious and isLiveNow and call('GET', key)
  local made = nextVersion(index, version, key)
  local kind, kept = keeping(block, ttl, staleMs)
  local reply = write(key, MAGIC .. char(kind) .. bytes8(made) .. mark .. endOf(ttl) .. block .. payload, kept)
  if reply.err then return reply end
  IS_CHANGED = true
  if replaced then return { 1, made, replaced } end
  return { 1, made }
end

local function remove(key, meta)
  local judged, verdict = match(meta, '^...(%S+) (%S+)$')
  local version, flags, isLiveNow, p = look(key, byte(meta, 3) - 32, tonumber(judged), verdict == '1')
  if isLiveNow == nil and judged ~= '-' then
    local question = unjudged(key, p, flags)
    if question then return question end
  end
  -- Also a key that is not there may be in somebody's memory, or on its way there.
  local made = nextVersion(byte(meta, 2) - 32, version, key)
  if version > 0 then bury(key, made) else call('DEL', key) end
  IS_CHANGED = true
  return isLiveNow and 1 or 0
end

local function expire(key, meta)
  local ttl, judged, verdict = match(meta, '^...(%S+) (%S+) (%S+)$')
  local version, flags, isLiveNow, p = look(key, byte(meta, 3) - 32, tonumber(judged), verdict == '1')
  if isLiveNow == nil then
    local question = unjudged(key, p, flags)
    if question then return question end
  end
  if not isLiveNow then return 0 end
  local kept = ttl
  if bit.band(flags, 64) ~= 0 and ttl ~= '0' then
    -- It stands in for as long after its new end as it would have after the old one.
    local endsAt = unpack('>I8', p, 21)
    local staleMs = endsAt > 0 and call('PTTL', key) - (endsAt - MS) or 0
    if staleMs > 0 then kept = string.format('%.0f', tonumber(ttl) + staleMs) end
  end
  -- The first of these is no write that a full server refuses, so the second cannot fail after it.
  if ttl == '0' then call('PERSIST', key) else call('PEXPIRE', key, kept) end
  nextVersion(byte(meta, 2) - 32, version, key)
  IS_CHANGED = true
  call('SETRANGE', key, 20, endOf(ttl))
  return 1
end
`;
