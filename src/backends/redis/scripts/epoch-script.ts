import { defineRedisScript, type RedisScript } from "../../../clients/redis/redis-script.ts";
import { RECORD_SCRIPT_PRELUDE } from "./script-prelude.ts";

/**
 * `epochOf(key, text)`: which incarnation of the data this is, as `"id born-at-in-ms"`; makes one where there is none, and where the process that serves it is another than the one
 * that made it. A server that was restarted, or a replica that was promoted, may lack the newest changes, and its clock gives out versions above the lost ones at once: heads alone
 * do not show that. A server that does not let this user ask who it is (`INFO`) is taken for the same.
 *
 * The id is drawn from a text and the time: a call that is sent again, because the server went away with its reply and perhaps its data, names new data anew. Behind the dot stands the
 * server's own id.
 */
const EPOCH_LUA = `
local function epochOf(key, text)
  local info = try('INFO', 'server')
  local run = type(info) == 'string' and match(info, 'run_id:(%x+)') or ''
  run = sub(run, 1, 16)
  local found = try('GET', key)
  local maker = type(found) == 'string' and match(found, '^%x+%.(%x*) %d+$')
  if maker and (run == '' or maker == run) then return found end
  found = sub(redis.sha1hex(text .. string.format('%.0f', US)), 1, 20) .. '.' .. run .. ' ' .. string.format('%.0f', MS)
  local reply = try('SET', key, found)
  -- A server that takes no writes has changed nothing either.
  if type(reply) == 'table' and reply.err then return reply end
  return found
end
`;

/**
 * The epoch.
 *
 * ```text
 * KEYS   epoch          ARGV   unique text               reply   "id born-at-in-ms"
 * ```
 */
export const epochScript: RedisScript = defineRedisScript(
  "epoch",
  `${RECORD_SCRIPT_PRELUDE}${EPOCH_LUA}
return epochOf(KEYS[1], ARGV[1])
`,
);

/**
 * The clock of tags and its epoch, of one moment.
 *
 * ```text
 * KEYS   clock of tags · its epoch          ARGV   unique text      reply   {where the clock stands, "id born-at-in-ms"}
 * ```
 */
export const tagHeadScript: RedisScript = defineRedisScript(
  "tag-head",
  `${RECORD_SCRIPT_PRELUDE}${EPOCH_LUA}
local epoch = epochOf(KEYS[2], ARGV[1])
if type(epoch) == 'table' then return epoch end
local now = try('HGET', KEYS[1], 'now')
return { type(now) == 'string' and now or '0', epoch }
`,
);

/**
 * Heads and the epoch of one moment.
 *
 * ```text
 * KEYS   heads · epoch          ARGV   unique text               reply   {record of heads, "id born-at-in-ms"}
 * ```
 */
export const headsScript: RedisScript = defineRedisScript(
  "heads",
  `${RECORD_SCRIPT_PRELUDE}${EPOCH_LUA}
local epoch = epochOf(KEYS[2], ARGV[1])
if type(epoch) == 'table' then return epoch end
return { try('GET', KEYS[1]) or false, epoch }
`,
);
