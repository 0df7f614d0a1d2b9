/** Keys that are asked for, most of them rarely. */
const KEY_COUNT = 20_000;
const TAG_COUNT = 50;
const HOST = "Host: 127.0.0.1\r\n";

/** @param {string} method @param {string} path @param {{ headers?: string, body?: string | Buffer, type?: string }} [more] */
function request(method, path, { headers = "", body, type = "application/json" } = {}) {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const bodyHeaders = bytes === undefined ? "" : `Content-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n`;
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${HOST}${headers}${bodyHeaders}\r\n`, "latin1");
  return bytes === undefined ? head : Buffer.concat([head, bytes]);
}

const random = (/** @type {number} */ count) => Math.floor(Math.random() * count);
/** Few keys are asked for often. */
const key = () => `key%3A${Math.floor(KEY_COUNT * Math.random() ** 3)}`;
const json = (/** @type {unknown} */ value) => ({ body: JSON.stringify(value) });

/** The kinds of requests, each as often as its share. @type {ReadonlyArray<readonly [share: number, make: () => Buffer]>} */
const KINDS = [
  [560, () => request("GET", `/v1/keys/${key()}`)],
  [60, () => request("GET", `/v1/keys/${key()}/entry`)],
  [30, () => request("GET", `/v1/keys/${key()}`, { headers: 'If-None-Match: "1"\r\n' })],
  [
    120,
    () =>
      request("PUT", `/v1/keys/${key()}?ttl=${60 + random(600)}s&tags=tag-${random(TAG_COUNT)}`, {
        body: Buffer.alloc(20 + random(2_000), "v"),
        type: "application/octet-stream",
      }),
  ],
  [40, () => request("PUT", `/v1/keys/${key()}`, { ...json({ id: random(1_000), name: "a name", list: [1, 2, 3] }) })],
  [
    5,
    () =>
      request("PUT", `/v1/keys/large%3A${random(20)}`, {
        body: Buffer.alloc(300_000, "l"),
        type: "application/octet-stream",
      }),
  ],
  [10, () => request("GET", `/v1/keys/large%3A${random(20)}`)],
  [5, () => request("GET", `/v1/keys/large%3A${random(20)}/preview`)],
  [30, () => request("DELETE", `/v1/keys/${key()}`)],
  [30, () => request("POST", `/v1/keys/count%3A${random(200)}/increment`, json({ delta: 1 }))],
  [
    20,
    () =>
      request("POST", "/v1/batch/get", json({ keys: Array.from({ length: 20 }, () => `key:${random(KEY_COUNT)}`) })),
  ],
  [
    10,
    () =>
      request("POST", "/v1/batch/delete", json({ keys: Array.from({ length: 5 }, () => `key:${random(KEY_COUNT)}`) })),
  ],
  [20, () => request("GET", `/v1/keys/${key()}/ttl`)],
  [10, () => request("GET", `/v1/keys/${key()}/exists`)],
  [5, () => request("POST", "/v1/tags/invalidate", json({ tags: [`tag-${random(TAG_COUNT)}`] }))],
  [2, () => request("GET", "/v1/keys?prefix=large")],
  [5, () => request("GET", "/v1/stats")],
  [5, () => request("GET", "/v1/health")],
  [5, () => request("GET", "/readyz")],
  [10, () => request("GET", "/no/such/route")],
  [10, () => request("PUT", `/v1/keys/${key()}`, { body: "{ not json" })],
  [3, () => request("GET", "/")],
];

/** @returns {() => Buffer} the next request, of all kinds in their shares */
export function soakRequests() {
  const total = KINDS.reduce((sum, [share]) => sum + share, 0);
  return () => {
    let at = random(total);
    for (const [share, make] of KINDS) {
      at -= share;
      if (at < 0) return make();
    }
    throw new Error("Shares do not add up.");
  };
}
