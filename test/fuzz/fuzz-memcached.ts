import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { BatchReplies } from "../../src/clients/memcached/batch-replies.ts";
import { MemcachedConnection } from "../../src/clients/memcached/memcached-connection.ts";
import type { MemcachedServerError } from "../../src/clients/memcached/memcached-server-error.ts";
import type { MetaReply, MetaRequest } from "../../src/clients/memcached/meta-message.ts";
import { PendingCall } from "../../src/clients/memcached/pending-call.ts";
import { SharedErrors } from "../../src/clients/memcached/shared-errors.ts";
import { DeadlineQueue } from "../../src/foundation/deadline-queue.ts";
import { createSeededRandom } from "../../src/foundation/random-source.ts";

/** What became of the cases. */
export interface MemcachedFuzzReport {
  readonly caseCount: number;
  /** Requests whose answer was the right one. */
  readonly rightCount: number;
  /** Requests that were rejected, or answered with the server's error. */
  readonly failedCount: number;
  /** Requests whose own reply was changed in a way that nobody can see, and that got the changed one. */
  readonly changedCount: number;
  /** Connections that were given up because of what came. */
  readonly brokenCount: number;
  /** The longest that one case took. */
  readonly slowestMs: number;
}

/** A reply of the model server, and the request that it answers. */
interface Segment {
  readonly bytes: Buffer;
  /** Number of the request among all of the case; -1: a noop's at the end of a batch. */
  readonly owner: number;
}

interface Case {
  readonly requests: readonly MetaRequest[];
  /** Sizes of the groups that are sent together; 1 is a single request. */
  readonly groups: readonly number[];
  readonly stream: Buffer;
  /** Requests whose own reply was touched: what they get says nothing about the client. */
  readonly touched: ReadonlySet<number>;
}

const KEY_COUNT = 12;
const FORGED = [
  "EN\r\n",
  "MN\r\n",
  "HD O5\r\n",
  "ERROR\r\n",
  "SERVER_ERROR out of memory\r\n",
  "CLIENT_ERROR bad\r\n",
  "END\r\n",
  "\r\n",
];

/** A socket of a test: what is written goes nowhere, what comes is emitted. */
class QuietSocket extends EventEmitter {
  readonly closed = false;
  write(_bytes: Uint8Array, callback?: (error?: Error) => void): boolean {
    if (callback !== undefined) process.nextTick(callback);
    return true;
  }
  cork(): void {}
  uncork(): void {}
  resume(): void {}
  destroy(): void {}
}

/** The value of a key tells the key, so that one in the wrong hands shows. */
function valueOfKey(key: string): string {
  return `<${key}>`.repeat(1 + (Number(key.slice(4)) % 5) * 7);
}

function isStored(key: string): boolean {
  return Number(key.slice(4)) % 3 !== 0;
}

/** What a healthy server answers. `undefined` is silence. */
function expectedReply(request: MetaRequest): MetaReply {
  if (request.kind === "noop") return { status: "MN", value: undefined, flags: "" };
  const { text } = request.key;
  if (request.kind === "delete") return { status: isStored(text) ? "HD" : "NF", value: undefined, flags: "" };
  if (request.kind === "set") return { status: "HD", value: undefined, flags: `c${text.slice(4)}7` };
  if (!isStored(text)) return { status: "EN", value: undefined, flags: "" };
  return {
    status: "VA",
    value: Buffer.from(valueOfKey(text)),
    flags: request.kind === "get" ? `c${text.slice(4)}` : "",
  };
}

function encodeReply({ status, value, flags }: MetaReply, opaque: number): Buffer {
  if (status === "MN") return Buffer.from("MN\r\n");
  const tail = flags === "" ? "" : ` ${flags}`;
  if (value === undefined) return Buffer.from(`${status} O${opaque}${tail}\r\n`);
  return Buffer.from(`VA ${value.length} O${opaque}${tail}\r\n${value}\r\n`);
}

/**
 * Sends requests over connections whose replies were cut, joined, flipped, left out, doubled, exchanged and made up, and throws on the
 * first case in which a request gets anything but its own reply or an error, or stays without an answer.
 *
 * @param seed the same cases come again with the same seed
 */
export async function fuzzMemcached(seed: number, caseCount: number): Promise<MemcachedFuzzReport> {
  const random = createSeededRandom(seed);
  const counts = { rightCount: 0, failedCount: 0, changedCount: 0, brokenCount: 0 };
  let slowestMs = 0;
  for (let index = 0; index < caseCount; index += 1) {
    const startedAt = performance.now();
    const pick = (below: number): number => Math.floor(random.next() * below);
    try {
      await runCase(makeCase(pick), pick, counts);
    } catch (error) {
      throw new Error(`seed ${seed}, case ${index}: ${(error as Error).message}`, { cause: error });
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  }
  return { caseCount, ...counts, slowestMs };
}

function makeRequest(pick: (below: number) => number): MetaRequest {
  const key = { text: `key-${pick(KEY_COUNT)}`, isBase64: false };
  const kind = pick(10);
  if (kind < 6) return { kind: "get", key, flags: "v c" };
  if (kind === 6) return { kind: "set", key, value: Buffer.from("x"), flags: "c" };
  if (kind === 7) return { kind: "delete", key, flags: "" };
  if (kind === 8) return { kind: "arithmetic", key, flags: "v" };
  return { kind: "noop" };
}

function makeCase(pick: (below: number) => number): Case {
  const requests: MetaRequest[] = [];
  const groups: number[] = [];
  const segments: Segment[] = [];
  const groupCount = 1 + pick(6);
  for (let group = 0; group < groupCount; group += 1) {
    const size = pick(3) === 0 ? 1 + pick(6) : 1;
    // Gets alone make a quiet batch.
    const isQuiet = size > 1 && pick(2) === 0;
    groups.push(size);
    for (let place = 0; place < size; place += 1) {
      const key = { text: `key-${pick(KEY_COUNT)}`, isBase64: false };
      requests.push(isQuiet ? { kind: "get", key, flags: "v c" } : makeRequest(pick));
    }
    segments.push(...answerGroup(requests, size));
  }
  const { touched, changed } = changeReplies(segments, pick);
  return { requests, groups, touched, stream: changed };
}

/** The model's replies to the last requests, which were sent together. */
function answerGroup(requests: readonly MetaRequest[], size: number): readonly Segment[] {
  const first = requests.length - size;
  const group = requests.slice(first);
  const isQuiet = size > 1 && group.every(({ kind }) => kind === "get");
  const segments: Segment[] = [];
  for (const [place, request] of group.entries()) {
    const reply = expectedReply(request);
    const isSilent = isQuiet && place < size - 1 && reply.status === "EN";
    if (!isSilent) segments.push({ bytes: encodeReply(reply, first + place), owner: first + place });
  }
  if (isQuiet) segments.push({ bytes: Buffer.from("MN\r\n"), owner: -1 });
  return segments;
}

function changeReplies(
  segments: Segment[],
  pick: (below: number) => number,
): { touched: Set<number>; changed: Buffer } {
  const touched = new Set<number>();
  const at = pick(segments.length);
  const segment = segments[at] as Segment;
  switch (pick(9)) {
    case 0:
      segments.splice(at, 0, segment);
      break;
    case 1: {
      const other = pick(segments.length);
      segments[at] = segments[other] as Segment;
      segments[other] = segment;
      break;
    }
    case 2:
      // A quiet batch cannot miss a reply that was left out whole.
      touched.add(segment.owner);
      segments.splice(at, 1);
      break;
    case 3:
      segments.splice(at, 0, { bytes: Buffer.from(FORGED[pick(FORGED.length)] as string), owner: -1 });
      // Made-up replies with the right number are the server's word.
      touched.add(5);
      break;
    case 4:
      segments.splice(at, segments.length, { bytes: segment.bytes.subarray(0, pick(segment.bytes.length)), owner: -1 });
      break;
    case 5:
    case 6:
    case 7:
      touched.add(segment.owner);
      segments[at] = { owner: segment.owner, bytes: changeBytes(segment.bytes, pick) };
      break;
    default:
  }
  return { touched, changed: Buffer.concat(segments.map(({ bytes }) => bytes)) };
}

function changeBytes(bytes: Buffer, pick: (below: number) => number): Buffer {
  const at = pick(bytes.length);
  const kind = pick(4);
  if (kind === 0) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(4))]);
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), Buffer.of(pick(256), pick(256)), bytes.subarray(at)]);
  const copy = Buffer.from(bytes);
  // Digits above all: they are lengths and numbers of requests.
  const place =
    kind === 2
      ? Math.max(
          0,
          copy.findIndex((byte) => byte >= 48 && byte <= 57),
        )
      : at;
  copy[place] = kind === 2 ? 48 + pick(10) : pick(256);
  return copy;
}

async function runCase(
  { requests, groups, stream, touched }: Case,
  pick: (below: number) => number,
  counts: { rightCount: number; failedCount: number; changedCount: number; brokenCount: number },
): Promise<void> {
  const socket = new QuietSocket();
  const clock = { monotonicMs: () => 0 };
  const scheduler = { after: () => ({ cancel: () => undefined }), soon: () => undefined };
  const connection = new MemcachedConnection({
    id: 1,
    socket: socket as unknown as Socket,
    subject: { name: "memcached", address: "fuzz", timeoutMs: 1_000 },
    clock,
    scheduler,
    deadlines: new DeadlineQueue({ clock, scheduler }),
    errors: new SharedErrors(scheduler),
    owner: {
      onProgress: () => undefined,
      onLost: () => undefined,
      onOrphan: ({ call }) => call.reject(new Error("lost")),
    },
    maxValueBytes: 2_000,
  });
  connection.start();
  const outcomes: Promise<readonly (MetaReply | Error)[]>[] = [];
  let next = 0;
  for (const size of groups) {
    outcomes.push(submit(connection, requests.slice(next, next + size)));
    next += size;
  }
  await new Promise<void>((resolve) => setImmediate(resolve));
  const largest = pick(3) === 0 ? 1 : 1 + pick(stream.length + 1);
  for (let offset = 0; offset < stream.length && connection.isOpen; ) {
    const size = 1 + pick(largest);
    // A copy, as a socket's chunks are: no two share memory.
    socket.emit("data", Buffer.from(stream.subarray(offset, offset + size)));
    offset += size;
  }
  if (!connection.isOpen) counts.brokenCount += 1;
  socket.emit("close");
  if (connection.requestCount !== 0) throw new Error("requests are left");
  const answers = (await Promise.all(outcomes)).flat();
  for (const [index, answer] of answers.entries())
    judge(answer, requests[index] as MetaRequest, touched.has(index), counts);
}

/** Sends a group, and says what each of its requests got. */
function submit(
  connection: MemcachedConnection,
  requests: readonly MetaRequest[],
): Promise<readonly (MetaReply | Error)[]> {
  const [first] = requests;
  const options = { operation: "fuzz", kind: "read" } as const;
  const isSingle = requests.length === 1;
  return new Promise<{ reply?: MetaReply; replies?: readonly (MetaReply | MemcachedServerError)[] }>(
    (resolve, reject) => {
      const work = isSingle ? (first as MetaRequest) : new BatchReplies(requests);
      connection.submit(new PendingCall(work, options, { resolve: resolve as (answer: never) => void, reject }));
    },
  ).then(
    ({ reply, replies }) => replies ?? [reply as MetaReply],
    (error: Error) => requests.map(() => error),
  );
}

function judge(
  answer: MetaReply | Error,
  request: MetaRequest,
  isTouched: boolean,
  counts: { rightCount: number; failedCount: number; changedCount: number },
): void {
  if (answer instanceof Error) {
    counts.failedCount += 1;
    return;
  }
  const expected = expectedReply(request);
  const isRight =
    answer.status === expected.status &&
    answer.flags === expected.flags &&
    (answer.value?.toString("latin1") ?? "") === (expected.value?.toString("latin1") ?? "");
  if (isRight) counts.rightCount += 1;
  else if (isTouched) counts.changedCount += 1;
  else throw new Error(`${JSON.stringify(request)} got ${answer.status} "${answer.value}" [${answer.flags}]`);
}
