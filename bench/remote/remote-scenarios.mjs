// The catalogue of what is measured of remote stores, and what is promised. One job, in a process of its own with servers of its own, is
// one subject of one scenario.

/** @typedef {import("./compare-clients.mjs").Target} Target */
/** @typedef {import("./compare-clients.mjs").RemoteSubject} RemoteSubject */

/** Subjects of the two scenarios that compare clients. */
const clientSubjects = [
  ...["get", "set"].flatMap((task) =>
    ["100 B", "10 KB"].flatMap((size) => [1, 64, 512].map((count) => `${task}, ${size}, c = ${count}`)),
  ),
  ...["100 B, c = 1", "100 B, c = 16", "10 KB, c = 1", "10 KB, c = 8"].map((what) => `mget of 100, ${what}`),
  "latency of get, 100 B, c = 64",
  "latency of set, 100 B, c = 64",
];

/** Scenarios of remote stores with their subjects, by the names that `--scenario` and `--subject` take. */
export const remoteSubjects = {
  redis: clientSubjects,
  memcached: clientSubjects,
  sharding: ["redis", "memcached"].map((kind) => `getMulti of 1,000 keys, 8 x ${kind}`),
  routing: ["routing of keys"],
  "remote-soak": [
    ...["store, plain", "store, coherent", "node-redis sendCommand"].map((client) => `redis: ${client}`),
    ...["store, plain", "store, coherent", "raw meta pipeline"].map((client) => `memcached: ${client}`),
  ],
};

/** @type {readonly string[]} */
export const remoteScenarios = Object.keys(remoteSubjects);

/** Programs that need servers; see child.mjs. */
export const remotePrograms = ["remote", "remote-soak", "sharding"];

/** With BENCH_SECONDS, unless subjects are named. */
export const shortRemoteSubjects = ["get, 100 B, c = 64", "set, 100 B, c = 64", "mget of 100, 100 B, c = 16"];

/** Runners of a job, at most. */
export const REMOTE_RUNNER_COUNT = 11;

/**
 * @param {string} subject of {@link clientSubjects}
 * @returns {RemoteSubject}
 */
export function readRemoteSubject(subject) {
  const parts = /^(latency of )?(get|set|mget)(?: of 100)?, (\d+ K?B), c = (\d+)$/.exec(subject);
  if (parts === null) throw new Error(`Unknown subject ${subject}.`);
  const [, latency, task = "", size = "", concurrency] = parts;
  return {
    task: /** @type {RemoteSubject["task"]} */ (task),
    size,
    concurrency: Number(concurrency),
    isLatency: latency !== undefined,
  };
}

/**
 * What is promised of our Redis store.
 *
 * @param {RemoteSubject} subject
 * @returns {Target[]}
 */
export function redisTargets({ task, isLatency }) {
  const bare = "node-redis sendCommand";
  const plain = "store, plain";
  const coherent = "store, coherent";
  const against = (/** @type {string} */ of) => [
    { of, to: bare, ratio: 0.9 },
    { of, to: "node-redis", ratio: 3 },
    { of, to: "ioredis, pipelining", ratio: 1.5 },
  ];
  if (isLatency) return (task === "get" ? [plain, coherent] : [plain]).map((of) => ({ of, to: bare, ratio: 1 }));
  // What is promised is of single reads and writes; of many keys the figures are told.
  if (task === "mget") return [plain, coherent].map((of) => ({ of, to: bare, ratio: null }));
  if (task !== "set") return [...against(plain), ...against(coherent)];
  return [...against(plain), { of: coherent, to: plain, ratio: 0.5 }];
}

/**
 * What is promised of our Memcached store.
 *
 * @param {RemoteSubject} subject
 * @returns {Target[]}
 */
export function memcachedTargets({ task, isLatency }) {
  const raw = "raw meta pipeline";
  if (isLatency) return [];
  return ["store, coherent", "store, plain"].flatMap((of) => [
    { of, to: raw, ratio: 0.7 },
    { of, to: "memjs", ratio: task === "mget" ? 5 : 3 },
  ]);
}
