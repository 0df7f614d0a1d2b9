import type { RandomSource } from "../../../src/foundation/random-source.ts";
import { ALL_ROUTES } from "../../../src/server/routes/all-routes.ts";

/** Draws out of a seed. */
export interface Draw {
  readonly below: (count: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
  readonly chance: (ratio: number) => boolean;
}

/** Draws by a random source. */
export function drawFrom(random: RandomSource): Draw {
  const below = (count: number): number => Math.floor(random.next() * count);
  return {
    below,
    pick: <T>(choices: readonly T[]): T => choices[below(choices.length)] as T,
    chance: (ratio) => random.next() < ratio,
  };
}

const METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "G€T", ""];
const PATHS = [
  "/",
  "/healthz",
  "/readyz",
  "/v1/stats",
  "/v1/health",
  "/v1/openapi.json",
  "/v1/keys",
  "/v1/keys/a",
  "/v1/keys/a%2Fb/entry",
  "/v1/keys/%",
  "/v1/keys/%ff",
  "/v1/keys/a/increment",
  "/v1/keys/a/expire",
  "/v1/keys/a/get-set",
  "/v1/batch/get",
  "/v1/batch/set",
  "/v1/batch/delete",
  "/v1/transactions",
  "/v1/locks/a/acquire",
  "/v1/locks/a/release",
  "/v1/tags/invalidate",
  "/app/x",
  "//",
  "/../../etc/passwd",
  "http://evil.example/v1/stats",
  "*",
  "",
];
const QUERIES = [
  "",
  "?ttl=5m",
  "?ttl=",
  "?tags=a,b&tag=c",
  "?namespace=a/b",
  "?namespace=",
  "?limit=1",
  "?x=1",
  "?%",
  "?&&=&",
];
const HOSTS = ["localhost", "127.0.0.1:1", "evil.example", "", "localhost\r\nHost: localhost"];
const TYPES = ["application/json", "application/octet-stream", "text/plain", "application/json; charset=utf-8", ";;;"];
const BODIES = [
  "",
  "{}",
  "[]",
  "null",
  '{"keys":["a","b"]}',
  '{"keys":[1]}',
  '{"entries":[{"key":"a","value":1}]}',
  '{"ttl":"1m"}',
  '{"ttl":-1}',
  '{"delta":"99999999999999999999"}',
  '{"__proto__":{"x":1}}',
  '{"checks":[{"key":"a","version":0}],"delete":["a"]}',
  '{"tags":["a"]}',
  "{",
  '"\ud800"',
  `${"[".repeat(2_000)}${"]".repeat(2_000)}`,
];
const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "http/1.1", ""];
const EXTRA_HEADERS = [
  "If-Match: *",
  'If-Match: "1"',
  "If-None-Match: *",
  "Expect: 100-continue",
  "Upgrade: websocket\r\nConnection: Upgrade",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Content-Length: 5",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Content-Encoding: gzip",
  "Authorization: Bearer x",
  "Origin: https://evil.example",
  "X: \u0000",
  "No colon here",
  " folded: yes",
  "Connection: close",
  `X-Long: ${"y".repeat(2_000)}`,
];

/** One request out of the grammar of HTTP, most of it well-formed, then perhaps broken somewhere. Text in latin1. */
export function drawRequest(draw: Draw): string {
  const body = draw.pick(BODIES);
  const headers = [`Host: ${draw.chance(0.8) ? "localhost" : draw.pick(HOSTS)}`];
  if (draw.chance(0.7)) headers.push(`Content-Type: ${draw.chance(0.8) ? TYPES[0] : draw.pick(TYPES)}`);
  if (draw.chance(0.9))
    headers.push(`Content-Length: ${Buffer.byteLength(body) + (draw.chance(0.1) ? draw.below(9) - 4 : 0)}`);
  while (draw.chance(0.3)) headers.push(draw.pick(EXTRA_HEADERS));
  const version = draw.chance(0.9) ? VERSIONS[0] : draw.pick(VERSIONS);
  const route = draw.pick(ALL_ROUTES);
  const [method, path] = draw.chance(0.7)
    ? [route.method, route.path.replace(/:\w+/, "a")]
    : [draw.pick(METHODS), draw.pick(PATHS)];
  const line = `${method} ${path}${draw.chance(0.6) ? "" : draw.pick(QUERIES)} ${version}`;
  const request = Buffer.from(`${line}\r\n${headers.join("\r\n")}\r\n\r\n${body}`).toString("latin1");
  return draw.chance(0.4) ? mutate(request, draw) : request;
}

/** Breaks a text in one to four places. */
function mutate(request: string, draw: Draw): string {
  let text = request;
  for (let count = 1 + draw.below(4); count > 0; count -= 1) {
    const at = draw.below(text.length + 1);
    const length = draw.below(8);
    const noise = String.fromCharCode(...Array.from({ length: draw.below(6) }, () => draw.below(256)));
    const kinds = [
      () => text.slice(0, at) + text.slice(at + length),
      () => text.slice(0, at) + noise + text.slice(at),
      () => text.slice(0, at) + noise + text.slice(at + noise.length),
      () => text.slice(0, at),
      () => text.slice(0, at) + text.slice(Math.max(0, at - 20), at) + text.slice(at),
      () => text.replace("\r\n", draw.pick(["\n", "\r", "\r\n\r\n"])),
    ];
    text = draw.pick(kinds)();
  }
  return text;
}
