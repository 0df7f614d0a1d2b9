import type { TextPattern } from "./field.ts";

/** 0 to 65535. */
const PORT_SOURCE = "(?:\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
const ADDRESS_SOURCE = `(?:(?:\\[[0-9A-Fa-f:.]+\\]|[^\\s:/@\\[\\]]*):${PORT_SOURCE}|/\\S+)`;

/** `host:port`, `[ipv6]:port`, `:port` (this machine, as Go writes it), or the path of a Unix socket. */
export const ADDRESS: TextPattern = {
  source: `^${ADDRESS_SOURCE}$`,
  doc: 'an address such as "localhost:6379", "[::1]:6379" or the path of a Unix socket',
};

/** An address, optionally with a weight after a space. */
export const WEIGHTED_ADDRESS: TextPattern = {
  source: `^${ADDRESS_SOURCE}(?: [1-9]\\d{0,3})?$`,
  doc: 'an address such as "localhost:11211", with a weight from 1 to 9999 if you like: "localhost:11211 2"',
};

/** `redis://` or `rediss://`. */
export const REDIS_URL: TextPattern = {
  source: "^rediss?://\\S+$",
  doc: 'a URL that begins with "redis://" or "rediss://"',
};

/** Where spans are sent to: a URL, or an address alone. */
export const ENDPOINT: TextPattern = {
  source: `^(?:https?://\\S+|${ADDRESS_SOURCE})$`,
  doc: 'a URL such as "http://localhost:4318", or an address such as "localhost:4318"',
};

/** The path of an HTTP endpoint. */
export const URL_PATH: TextPattern = { source: "^/[^\\s?#]*$", doc: 'a path that begins with "/"' };

/** What Prometheus allows as a part of a metric's name. */
export const METRIC_NAME: TextPattern = {
  source: "^[a-zA-Z_][a-zA-Z0-9_]*$",
  doc: "letters, digits and underscores, not beginning with a digit",
};

/** Where peers are found. */
export const DISCOVERY: TextPattern = {
  source: `^dns:[^\\s:/@]+(?::${PORT_SOURCE})?$`,
  doc: 'a DNS name such as "dns:gocachex.default.svc:50051"',
};

/** What a plug-in backend may be called: nothing that could be mistaken for a part of JavaScript or of a path. */
export const PLUGIN_NAME: TextPattern = {
  source: "^[A-Za-z@][A-Za-z0-9@/._-]{0,127}$",
  doc: "the name of a registered plug-in",
};

/** Whether a text has the form. */
export function matchesPattern(pattern: TextPattern, text: string): boolean {
  return new RegExp(pattern.source).test(text);
}
