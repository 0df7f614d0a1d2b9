import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_HEAD_BYTES } from "../record.ts";
import { RECORD_SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * What decides whether records live, without their payloads.
 *
 * ```text
 * KEYS   key …          ARGV   none          reply   head and tags of each record · what else is short, as it is · the empty text; then the server's time in ms
 * ```
 */
export const peekScript: RedisScript = defineRedisScript(
  "peek",
  `${RECORD_SCRIPT_PRELUDE}
local found = {}
for index, key in ipairs(KEYS) do
  local p = try('GETRANGE', key, 0, ${RECORD_HEAD_BYTES + 19})
  if type(p) ~= 'string' then p = '' end
  local version, flags = open(p)
  if version and bit.band(flags, 32) ~= 0 then
    local at = ${RECORD_HEAD_BYTES} + (bit.band(flags, 16) ~= 0 and 16 or 0)
    local length = #p >= at + 4 and unpack('>I4', p, at + 1) or 0
    p = call('GETRANGE', key, 0, at + 3 + length)
  end
  found[index] = p
end
found[#KEYS + 1] = string.format('%.0f', MS)
return found
`,
);
