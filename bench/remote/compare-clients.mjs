// The loops and the comparison that all scenarios of remote stores share.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { consumed, quantile, readCpuMs, watchCpu } from "../measure.mjs";
import { makeRemoteWorkload } from "./remote-workload.mjs";

/**
 * @typedef {object} Client one library, connected
 * @property {string} id
 * @property {Record<string, any>} use what its expressions name
 * @property {string} get an expression: the bytes under key `k`, or a promise of them
 * @property {string} set an expression that writes the bytes `v` under `k`, or a promise of that
 * @property {string} mget an expression: an array with the bytes under the keys `ks` in their order, or a promise of it
 * @property {string} [unwrap] an expression: the bytes in the awaited answer `a` of a read. Default: the answer itself
 * @property {boolean} [isText] it takes values for text, and is given text
 * @property {() => unknown} close
 *
 * @typedef {"get" | "set" | "mget"} Task
 * @typedef {readonly [median: number, quartile1: number, quartile3: number]} Spread
 * @typedef {object} RemoteSubject
 * @property {Task} task
 * @property {string} size
 * @property {number} concurrency callers, each of which waits for its answer
 * @property {boolean} isLatency every operation is timed
 *
 * @typedef {object} Target a promise about a speed: that of `of` at least `ratio` times that of `to`; of latencies: at most
 * @property {string} of
 * @property {string} to
 * @property {number | null} ratio `null`: nothing is promised
 *
 * @typedef {object} RemoteComparison
 * @property {Record<string, Record<"wallNs" | "cpuNs" | "serverNs" | "p50Ms" | "p99Ms", Spread | null>>} clients an operation, by client
 * @property {readonly (Target & { wall: Spread, cpu: Spread | null, calm: number, isMet: boolean })[]} targets ratios taken round by round,
 *   and `calm`: that of the tenth-best rounds of each, whichever they were, which other programs disturbed least
 * @property {number} cpuRatio
 * @property {readonly { id: string, reason: string }[]} failures
 */

/** Every round of the plan becomes so many, and as much shorter: what disturbs the machine for a moment then hits all clients. */
const ROUND_SPLIT = 3;
const WARM_UP_COUNT = 3;
const CALIBRATION_COUNT = 200;
/** Rounds that nothing disturbed, so many of all. */
const CALM_RATIO = 0.1;

/**
 * Fills the stores, holds what they answer against what was written, and runs all clients in alternating rounds.
 *
 * @param {readonly Client[]} clients
 * @param {RemoteSubject} subject
 * @param {{ roundCount: number, roundMs: number, targets: readonly Target[], serverPid: number | undefined }} settings
 * @returns {Promise<RemoteComparison>}
 */
export async function compareClients(clients, subject, { roundCount, roundMs, targets, serverPid }) {
  const failures = [];
  /** @type {ReturnType<typeof createState>[]} */
  const states = [];
  const timeOne = async (/** @type {ReturnType<typeof createState>} */ state) => {
    try {
      return await state.time();
    } catch (error) {
      // It is out; the others go on.
      failures.push({ id: state.id, reason: String(error).slice(0, 200) });
      states.splice(states.indexOf(state), 1);
      return undefined;
    }
  };
  for (const [index, client] of clients.entries()) {
    const workload = makeRemoteWorkload(subject.size, { prefix: String(index), isText: client.isText === true });
    try {
      await fillAndCheck(client, workload);
      states.push(createState(client, workload, subject, serverPid));
    } catch (error) {
      failures.push({ id: client.id, reason: String(error).slice(0, 200) });
    }
  }
  globalThis.gc?.();
  globalThis.gc?.();
  for (let turn = 0; turn < WARM_UP_COUNT; turn += 1) {
    for (const state of [...states]) {
      const sample = await timeOne(state);
      // Rounds of one length for everybody, with as many operations as one gets done in it.
      const count = (roundMs * 1e6) / ROUND_SPLIT / (sample?.wallNs ?? Number.NaN);
      state.count = Math.max(4 * subject.concurrency, Math.ceil(count));
    }
  }
  const cpuRatio = watchCpu();
  for (let round = 0; round < roundCount * ROUND_SPLIT; round += 1) {
    const first = round % Math.max(1, states.length);
    for (const state of [...states.slice(first), ...states.slice(0, first)]) {
      const sample = await timeOne(state);
      if (sample !== undefined) state.samples.push(sample);
    }
  }
  const cpuRatioAtEnd = cpuRatio();
  const samplesOf = new Map(states.map(({ id, samples }) => [id, samples]));
  return {
    clients: Object.fromEntries(states.map(({ id, samples }) => [id, summarize(samples)])),
    targets: targets.flatMap((target) => judge(target, samplesOf, subject)),
    cpuRatio: cpuRatioAtEnd,
    failures,
  };
}

/**
 * @param {Client} client
 * @param {import("./remote-workload.mjs").RemoteWorkload} workload
 */
async function fillAndCheck({ use, get, set, mget, unwrap = "a" }, { stored, values, batches }) {
  const names = Object.keys(use);
  const parts = Object.values(use);
  const bytesOf = new Function("a", `return ${unwrap};`);
  const read = new Function(...names, "k", `return ${get};`);
  const write = new Function(...names, "k", "v", `return ${set};`);
  const readMany = new Function(...names, "ks", `return ${mget};`);
  const valueAt = (/** @type {number} */ index) => values[index % values.length];
  for (let at = 0; at < stored.length; at += 256) {
    const some = stored.slice(at, at + 256);
    await Promise.all(some.map((key, index) => write(...parts, key, valueAt(at + index))));
  }
  const expected = new Map(stored.map((key, index) => [key, valueAt(index)]));
  for (const key of stored.slice(0, 100)) assertSame(bytesOf(await read(...parts, key)), expected.get(key));
  const some = batches[0] ?? [];
  const answers = await readMany(...parts, some);
  assert.equal(answers.length, some.length);
  for (const [index, key] of some.entries()) assertSame(bytesOf(answers[index]), expected.get(key));
}

/**
 * @param {unknown} actual
 * @param {Buffer | string | undefined} expected
 */
function assertSame(actual, expected) {
  const isSame =
    typeof expected === "string" ? actual === expected : actual instanceof Uint8Array && expected?.equals(actual);
  assert.ok(isSame, "does not read what it wrote");
}

/** @type {Record<Task, string>} */
const BODIES = {
  get: "const k = keys[i & keyMask]; const a = await CALL; hits++; sum = (sum + UNWRAP.length) | 0;",
  set: "const k = keys[i & keyMask], v = values[i & valueMask]; await CALL; hits++;",
  mget: "const ks = batches[i & batchMask]; const as = await CALL; for (const a of as) { hits++; sum = (sum + UNWRAP.length) | 0; }",
};

/**
 * @param {Client} client
 * @param {RemoteSubject} subject
 * @returns {(use: object, workload: object, from: number, count: number, note: (start: number, end: number) => void) => Promise<{ hits: number, sum: number }>}
 */
function compile({ id, use, get, set, mget, unwrap = "a" }, { task, concurrency, isLatency }) {
  const body = BODIES[task].replace("CALL", () => ({ get, set, mget })[task]).replace("UNWRAP", unwrap);
  const timed = isLatency ? `const start = performance.now(); ${body} note(start, performance.now());` : body;
  // The name matters: V8 gives equal texts one compiled function with one set of type feedback.
  return new Function(
    `"use strict"; /* ${id} */
    return async function loop({ ${Object.keys(use).join(", ")} }, { keys, values, batches }, from, count, note) {
      const keyMask = keys.length - 1, valueMask = values.length - 1, batchMask = batches.length - 1;
      const end = from + count;
      let hits = 0, sum = 0, next = from;
      async function caller() { while (next < end) { const i = next++; ${timed} } }
      const callers = [];
      for (let index = 0; index < ${concurrency}; index++) callers.push(caller());
      await Promise.all(callers);
      return { hits, sum };
    };`,
  )();
}

/**
 * @param {Client} client
 * @param {import("./remote-workload.mjs").RemoteWorkload} workload
 * @param {RemoteSubject} subject
 * @param {number | undefined} serverPid
 */
function createState(client, workload, subject, serverPid) {
  const loop = compile(client, subject);
  const state = {
    id: client.id,
    count: CALIBRATION_COUNT,
    from: 0,
    /** @type {Sample[]} */
    samples: [],
    time: async () => {
      const { count, from } = state;
      // What the one before left behind is not this one's to clear away.
      globalThis.gc?.({ type: "minor", execution: "sync" });
      const durationsMs = new Float64Array(subject.isLatency ? count : 0);
      let noted = 0;
      const note = (/** @type {number} */ start, /** @type {number} */ end) => {
        durationsMs[noted] = end - start;
        noted += 1;
      };
      const serverBefore = serverCpuNs(serverPid);
      const cpuBefore = readCpuMs();
      const startedAt = performance.now();
      const { sum } = await loop(client.use, workload, from, count, note);
      const wallNs = ((performance.now() - startedAt) * 1e6) / count;
      const cpuNs = ((readCpuMs() - cpuBefore) * 1e6) / count;
      state.from = from + count;
      consumed.sum = (consumed.sum + sum) | 0;
      const serverNs = (serverCpuNs(serverPid) - serverBefore) / count;
      durationsMs.sort();
      const p50Ms = durationsMs[Math.floor(count * 0.5)];
      return { wallNs, cpuNs, serverNs, p50Ms, p99Ms: durationsMs[Math.floor(count * 0.99)] };
    },
  };
  return state;
}

/** @typedef {{ wallNs: number, cpuNs: number, serverNs: number, p50Ms: number | undefined, p99Ms: number | undefined }} Sample */

/**
 * The CPU time that the server took so far, where the system tells it.
 *
 * @param {number | undefined} pid
 */
function serverCpuNs(pid) {
  if (pid === undefined || process.platform !== "linux") return Number.NaN;
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce(
    (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  );
}

/** @param {readonly Sample[]} samples */
function summarize(samples) {
  const of = (/** @type {keyof Sample} */ name) => {
    const numbers = samples.map((sample) => sample[name] ?? Number.NaN);
    return numbers.some(Number.isNaN) ? null : spreadOf(numbers);
  };
  return {
    ...{ wallNs: of("wallNs"), cpuNs: of("cpuNs"), serverNs: of("serverNs") },
    ...{ p50Ms: of("p50Ms"), p99Ms: of("p99Ms") },
  };
}

/**
 * @param {Target} target
 * @param {ReadonlyMap<string, readonly Sample[]>} samplesOf
 * @param {RemoteSubject} subject
 */
function judge(target, samplesOf, { isLatency }) {
  const own = samplesOf.get(target.of);
  const others = samplesOf.get(target.to);
  if (own === undefined || others === undefined) return [];
  const ratios = (/** @type {keyof Sample} */ name) =>
    own.map((sample, round) => Number(others[round]?.[name]) / Number(sample[name]));
  if (isLatency) {
    const wall = spreadOf(ratios("p99Ms").map((ratio) => 1 / ratio));
    return [
      {
        ...target,
        wall,
        cpu: null,
        calm: 1 / calmRatio(own, others, "p99Ms"),
        isMet: wall[0] <= (target.ratio ?? Infinity),
      },
    ];
  }
  const wall = spreadOf(ratios("wallNs"));
  const calm = calmRatio(own, others, "wallNs");
  return [{ ...target, wall, cpu: spreadOf(ratios("cpuNs")), calm, isMet: wall[0] >= (target.ratio ?? 0) }];
}

/**
 * @param {readonly Sample[]} own
 * @param {readonly Sample[]} others
 * @param {keyof Sample} name
 */
function calmRatio(own, others, name) {
  const best = (/** @type {readonly Sample[]} */ samples) =>
    quantile(
      samples.map((sample) => Number(sample[name])),
      CALM_RATIO,
    );
  return best(others) / best(own);
}

/** @param {readonly number[]} numbers @returns {Spread} */
function spreadOf(numbers) {
  return [quantile(numbers), quantile(numbers, 0.25), quantile(numbers, 0.75)];
}
