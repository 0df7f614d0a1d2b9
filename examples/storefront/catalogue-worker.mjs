/**
 * The catalogue's own thread: it stands for the database server, so that its work does not block the node's event loop.
 *
 * There is no index. To find rows it reads the file from the start and parses line after line, pass after pass while
 * anybody waits. A query joins the pass that is running and is answered at the latest when it has seen a whole one.
 *
 * Answers leave in batches, a few times a pass, as a database's result sets do. So a price may change between the moment
 * its row was read and the moment the answer leaves: it is the cache's business that such an answer does not outlive
 * the change.
 *
 * Messages in: `{ kind: "find", query, id }`, `{ kind: "cancel", query }`, `{ kind: "set-price", query, id, price }`.
 * Messages out: `{ query, result }` or `{ query, problem }`. A find results in the row, or null when there is none; a
 * set-price in whether there is such a product.
 */
import { createReadStream } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

const READ_SIZE_BYTES = 256 * 1024;
/** Answers leave every this many reads of the file, which makes about five batches of a pass. */
const READS_PER_BATCH = 5;

/** Price changes since the start, by product id; the file itself stays as it is. */
const changedPrices = new Map();

/**
 * Queries without an answer, by number. `row` is what was found and not yet sent; `isFromStart` whether the running pass
 * began after the query, so that a row it does not meet does not exist.
 *
 * @type {Map<number, { id: number, row: object | null, isFromStart: boolean }>}
 */
const waiting = new Map();
/** Ids to look out for. May hold some that nobody waits for any more, until the next pass. */
const wantedIds = new Set();
let isSearching = false;

parentPort.on("message", (message) => {
  if (message.kind === "find") {
    waiting.set(message.query, { id: message.id, row: null, isFromStart: false });
    wantedIds.add(message.id);
    if (!isSearching) void searchWhileWanted();
  } else if (message.kind === "cancel") {
    waiting.delete(message.query);
  } else {
    // Ids are given out without gaps, so an update need not search.
    const isKnown = message.id <= workerData.productCount;
    if (isKnown) changedPrices.set(message.id, message.price);
    parentPort.postMessage({ query: message.query, result: isKnown });
  }
});

async function searchWhileWanted() {
  isSearching = true;
  while (waiting.size > 0) {
    try {
      await searchOnce();
    } catch (error) {
      for (const query of waiting.keys()) parentPort.postMessage({ query, problem: error.message });
      waiting.clear();
    }
  }
  isSearching = false;
}

/** One pass through the file; it ends early when nobody waits any more. */
async function searchOnce() {
  wantedIds.clear();
  for (const query of waiting.values()) {
    query.isFromStart = true;
    wantedIds.add(query.id);
  }
  let readCount = 0;
  for await (const lines of readLines()) {
    lines.forEach(meetRow);
    readCount += 1;
    if (readCount % READS_PER_BATCH === 0 || isEveryRowMet()) sendAnswers((query) => query.row !== null);
    if (waiting.size === 0) return;
  }
  sendAnswers((query) => query.row !== null || query.isFromStart);
}

/** Parses a row and gives it, with today's price, to every query that waits for it. */
function meetRow(line) {
  const row = JSON.parse(line);
  if (!wantedIds.has(row.id)) return;
  const price = changedPrices.get(row.id) ?? row.price;
  for (const query of waiting.values()) if (query.id === row.id) query.row ??= { ...row, price };
}

function isEveryRowMet() {
  for (const query of waiting.values()) if (query.row === null) return false;
  return true;
}

function sendAnswers(isAnswered) {
  for (const [number, query] of waiting) {
    if (!isAnswered(query)) continue;
    waiting.delete(number);
    parentPort.postMessage({ query: number, result: query.row });
  }
}

/** The lines of the file, a few hundred at a time. Leaving the loop closes it. */
async function* readLines() {
  let rest = "";
  for await (const text of createReadStream(workerData.file, { encoding: "utf8", highWaterMark: READ_SIZE_BYTES })) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    yield lines;
  }
}
