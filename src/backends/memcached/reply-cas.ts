import { metaFlag } from "../../clients/memcached/meta-message.ts";

/** The CAS number in a reply's flags, which the requests here ask for first; 0 when there is none. */
export function casOf(flags: string): number {
  if (flags.charCodeAt(0) !== 0x63) return Number(metaFlag(flags, "c") ?? 0);
  const end = flags.indexOf(" ");
  return Number(end < 0 ? flags.slice(1) : flags.slice(1, end));
}
