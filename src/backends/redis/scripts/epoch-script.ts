import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * Which incarnation of the data this is; makes one where there is none.
 *
 * ```text
 * KEYS   epoch          ARGV   unique text               reply   "id born-at-in-ms"
 * ```
 *
 * The id is drawn from the text and the time: a call that is sent again, because the server went away with its reply and perhaps its data, names new data anew.
 */
export const epochScript: RedisScript = defineRedisScript(
  "epoch",
  `${RECORD_SCRIPT_PRELUDE}
local found = try('GET', KEYS[1])
if type(found) == 'string' and match(found, '^%S+ %d+$') then return found end
found = sub(redis.sha1hex(ARGV[1] .. string.format('%.0f', US)), 1, 20) .. ' ' .. string.format('%.0f', MS)
call('SET', KEYS[1], found)
return found
`,
);
