import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { ITEM_LUA } from "./item-lua.ts";
import { SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Many changes of entries in their order, each with an answer of its own.
 *
 * ```text
 * KEYS   heads · generations of the levels … · key of each item …
 * ARGV   level count · levels of each namespace · unique text · tags here? · tag count · (tag, mark) … · (item, payload?) …
 * reply  for each item: S, L version · D, E 1 or 0 · C {1, version, previous?} or {0, version found, previous?} ·
 *        {2, head and tags} "tell me whether this lives" · the server's error
 * ```
 *
 * An item that fails fails alone: damaged bytes make Lua errors, a full server refuses what needs room.
 */
export const applyScript: RedisScript = defineRedisScript(
  "apply",
  `${SCRIPT_PRELUDE}${ITEM_LUA}
local OPERATIONS = { [67] = setWith, [68] = remove, [69] = expire }
local replies = {}
local at = FIRST_ITEM
for item = 1, #KEYS - 1 - LEVEL_COUNT do
  local key, meta = KEYS[1 + LEVEL_COUNT + item], ARGV[at]
  local code = byte(meta)
  local isDone, reply
  if code == 83 or code == 76 or code == 84 then
    isDone, reply = pcall(set, key, meta, ARGV[at + 1])
  else
    isDone, reply = pcall(OPERATIONS[code], key, meta, ARGV[at + 1])
  end
  at = at + ((code == 68 or code == 69) and 1 or 2)
  if not isDone then reply = failureOf(reply) end
  replies[item] = reply
end
return finish() or replies
`,
);
