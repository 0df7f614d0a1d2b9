/**
 * What `make run` shows: a cache node with a small shop in it, traffic, and what the cache does for it.
 * Ends with Ctrl-C, or after RUN_SECONDS. RUN_PORT chooses the node's port. See README.md beside this file.
 *
 * Exit codes: 0 it ended as it should, 1 the node failed or a stale value was read, 2 a setting cannot be used.
 */
import { ensureCatalogueFile } from "./catalogue-file.mjs";
import { isInteractiveOutput, openLiveView } from "./live-view.mjs";
import { generateLoad } from "./load-generator.mjs";
import { NodeProcessError, startNode } from "./node-process.mjs";
import { NodeWatcher } from "./node-watcher.mjs";
import { PriceLedger } from "./price-ledger.mjs";
import { readRunSettings, SettingError } from "./run-settings.mjs";
import { takeSnapshot } from "./snapshot.mjs";
import { stopOnSignals } from "./stop-signals.mjs";
import { renderSummary } from "./summary.mjs";
import { TrafficRecord } from "./traffic-record.mjs";
import { WarmUp } from "./warm-up.mjs";

const stop = stopOnSignals();
try {
  process.exitCode = await main(readRunSettings(process.env));
} catch (error) {
  process.exitCode = reportFailure(error);
} finally {
  stop.close();
}

/** @returns {Promise<number>} the exit code */
async function main({ port, runSeconds }) {
  if (ensureCatalogueFile()) say("Wrote the catalogue: 8,000 products, no index.");
  say(`Starting a node on ${port === 0 ? "any free port" : `port ${port}`} …`);
  const node = await startNode({ port, signal: stop.signal });
  stop.onSecondSignal(() => node.kill());
  if (port !== 0 && node.port !== port) say(`Port ${port} is busy; the node listens on port ${node.port} instead.`);
  say(`Node ${node.origin}/ (pid ${node.pid})  storefront ${node.origin}/app/  statistics ${node.origin}/v1/stats`);
  say('"Without cache" is the same pages with every row searched in the file.');
  say(runSeconds === undefined ? "Ctrl-C stops it." : `Runs for ${runSeconds} s.`);
  try {
    return await observe(node, runSeconds);
  } finally {
    await node.stop();
    if (node.wasKilled) say("The node did not stop in time and was killed.");
  }
}

/** Runs the traffic and the view until the run is stopped. @returns {Promise<number>} the exit code */
async function observe(node, runSeconds) {
  const record = new TrafficRecord();
  const ledger = new PriceLedger();
  const watcher = new NodeWatcher(node.origin);
  const warmUp = new WarmUp();
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  const snapshotOf = (period) =>
    takeSnapshot({ origin: node.origin, elapsedMs: elapsedMs(), record, ledger, watcher, warmUp, period });
  const onPoll = () => {
    if (warmUp.update(elapsedMs())) record.forgetLatencies();
  };

  let failure;
  void node.unexpectedEnd().then((error) => {
    failure = error;
    stop.now();
  });
  const timer = runSeconds === undefined ? undefined : setTimeout(stop.now, runSeconds * 1_000);
  const view = openLiveView({
    output: process.stdout,
    isInteractive: isInteractiveOutput(process.stdout, process.env),
    snapshot: () => snapshotOf("recent"),
  });
  try {
    const load = generateLoad({ origin: node.origin, record, ledger, elapsedMs, signal: stop.signal });
    await Promise.all([load, watcher.watch(stop.signal, onPoll)]);
    if (failure === undefined) await watcher.refresh();
  } finally {
    clearTimeout(timer);
    view.close();
    watcher.close();
  }
  if (failure !== undefined) throw failure;
  say(renderSummary(snapshotOf("whole")).trimEnd());
  if (record.failureCount > 0) process.stderr.write(`The node's log ends with:\n${node.logLines.join("\n")}\n`);
  return ledger.staleReadCount === 0 ? 0 : 1;
}

function reportFailure(error) {
  // Stopped while the node was starting: that is what was asked for.
  if (stop.signal.aborted && error === stop.signal.reason) return 0;
  const isExpected = error instanceof NodeProcessError || error instanceof SettingError;
  process.stderr.write(`${isExpected ? error.message : (error?.stack ?? String(error))}\n`);
  return error instanceof SettingError ? 2 : 1;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
