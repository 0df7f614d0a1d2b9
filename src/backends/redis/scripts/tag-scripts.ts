import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { TAG_SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Ends what carries the tags: gives each the clock's next number.
 *
 * ```text
 * KEYS   the clock of tags          ARGV   channel · tag …          reply   the number
 * ```
 *
 * Begins by a delete: a full server refuses the first write of a script when it needs room, and an invalidation must work there too.
 */
export const invalidateTagsScript: RedisScript = defineRedisScript(
  "invalidate-tags",
  `${TAG_SCRIPT_PRELUDE}
call('DEL', TAGS .. ARGV[2])
local number, before = nextTagNumber()
local text, mark = string.format('%.0f', number), bytes8(number)
local message = { 'T', bytes8(before), mark }
for index = 2, #ARGV do
  local tag = ARGV[index]
  call('SET', TAGS .. tag, mark)
  call('HSET', CLOCK, bucketOf(tag), text)
  message[index + 2] = pack('>I4', #tag) .. tag
end
tell(ARGV[1], table.concat(message))
return number
`,
);

/**
 * The marks of tags, for entries that lie in other slots.
 *
 * ```text
 * KEYS   the clock of tags          ARGV   tag …          reply   a mark for each
 * ```
 */
export const tagMarksScript: RedisScript = defineRedisScript(
  "tag-marks",
  `${TAG_SCRIPT_PRELUDE}
local marks = {}
for index, tag in ipairs(ARGV) do marks[index] = (unpack('>I8', tagMark(tag))) end
return marks
`,
);

/**
 * A stamp: where the clock stands, which is not below any mark. What is invalidated later has a larger number. The clock does not move: each load takes a stamp, and
 * who hears of invalidations would miss a number for each.
 *
 * ```text
 * KEYS   the clock of tags          ARGV   none           reply   the number
 * ```
 */
export const stampScript: RedisScript = defineRedisScript(
  "stamp",
  `${TAG_SCRIPT_PRELUDE}return tonumber(call('HGET', CLOCK, 'now') or false) or (nextTagNumber())\n`,
);
