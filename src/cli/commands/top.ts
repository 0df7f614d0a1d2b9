import type { LiveDocument } from "../../observability/live/live-document.ts";
import type { CacheTarget } from "../cache-target.ts";
import type { CliTerminal, TerminalSize } from "../cli-io.ts";
import type { Command, Invocation } from "../command.ts";
import { TARGET_OPTIONS } from "../common-options.ts";
import { EXIT_CODES, type ExitCode, reportOf } from "../exit-code.ts";
import { runUntilInterrupted } from "../interrupts.ts";
import { nodeAddressOf, withTarget } from "../open-target.ts";
import { secondsOption } from "../parse-arguments.ts";
import { ENDED, pauseUnless, unlessEnded } from "../pause.ts";
import type { Printer } from "../printer.ts";
import type { FrameLine } from "../top/frame-text.ts";
import { type LiveFeed, openLiveFeed } from "../top/live-feed.ts";
import { openScreen, type TerminalScreen } from "../top/terminal-screen.ts";
import { renderTop } from "../top/top-frame.ts";
import { firstView, nextView, type TopSample, type TopView } from "../top/top-view.ts";

const DEFAULT_INTERVAL_MS = 1_000;
/** Of a frame that no terminal bounds. */
const PIPED_SIZE: TerminalSize = { columns: 120, rows: 200 };
/** q, Q, Ctrl+C, Ctrl+D, and Escape alone. */
const QUIT_KEYS: ReadonlySet<string> = new Set(["q", "Q", "\u0003", "\u0004", "\u001b"]);

/** `gocachex top`. */
export const topCommand: Command = {
  name: "top",
  summary: "show live what a cache does: throughput, hits, latencies, stores, hot keys, peers",
  usage: ["top [options]"],
  details: [
    "Takes the whole terminal until q, Escape or Ctrl+C; space holds it still. It fits any size, and draws only what changed. Where no terminal is, it prints one frame of the rates over one interval; with --json one document of it.",
    "A failed question shows in red and is asked again. The counters are those of the namespace; evictions, latencies, stores, hot keys and peers those of the whole cache.",
    "Latencies, breakers and hot keys are what the node streams to its dashboard; it counts hot keys while somebody watches. A window of fewer than 60 columns gets lines instead of tables.",
  ],
  positionals: [0, 0],
  positionalNames: [],
  options: [
    { name: "interval", short: "i", value: "SECONDS", description: "time between two looks (default: 1)" },
    ...TARGET_OPTIONS,
  ],
  examples: [
    ["gocachex top", "the node at 127.0.0.1:7411"],
    ["gocachex top --node 127.0.0.1:7500 --interval 5", "another one, every five seconds"],
    ["gocachex top --json", "the rates of one second, for a program"],
  ],
  handlesInterrupts: true,
  run: (invocation) => {
    const intervalMs = secondsOption(invocation.args, "interval") ?? DEFAULT_INTERVAL_MS;
    return runUntilInterrupted(invocation.io, (ended) =>
      withTarget(invocation, (target) => top(invocation, target, intervalMs, ended)),
    );
  },
};

async function top(
  invocation: Invocation,
  target: CacheTarget,
  intervalMs: number,
  ended: AbortSignal,
): Promise<ExitCode> {
  const feed = openLiveFeed(target, ended);
  try {
    return await showView(invocation, { target, feed }, intervalMs, ended);
  } finally {
    feed.close();
  }
}

async function showView(
  invocation: Invocation,
  source: TopSource,
  intervalMs: number,
  ended: AbortSignal,
): Promise<ExitCode> {
  const { io, print, args } = invocation;
  const sample = await unlessEnded(ended, takeSample(source));
  if (sample === ENDED) return EXIT_CODES.ok;
  const title = [nodeAddressOf(args, io) ?? "configuration", args.text("namespace")].filter(
    (word) => word !== undefined,
  );
  const first = firstView(title.join("  namespace "), intervalMs, sample);
  const isScreen = io.terminal !== undefined && !print.isJson && io.env["TERM"] !== "dumb";
  return isScreen
    ? showLive(invocation, io.terminal as CliTerminal, source, first, ended)
    : printOnce(print, source, first, ended);
}

/** What is asked, and what tells of itself. */
interface TopSource {
  readonly target: CacheTarget;
  readonly feed: LiveFeed;
}

async function takeSample({ target, feed }: TopSource): Promise<TopSample> {
  const askedAt = performance.now();
  const stats = await target.stats();
  const latencyMs = performance.now() - askedAt;
  const health = await target.health();
  return { atMs: askedAt + latencyMs / 2, latencyMs, stats, health, live: feed.latest() };
}

async function printOnce(print: Printer, source: TopSource, first: TopView, ended: AbortSignal): Promise<ExitCode> {
  if (!(await pauseUnless(ended, first.intervalMs))) return EXIT_CODES.interrupted;
  if ((await unlessEnded(ended, source.feed.begun)) === ENDED) return EXIT_CODES.interrupted;
  const view = nextView(first, await takeSample(source));
  const { sample, rates } = view;
  if (print.isJson)
    await print.document({
      target: view.target,
      latencyMs: sample.latencyMs,
      rates,
      stats: sample.stats,
      health: sample.health,
      live: sample.live === undefined ? null : liveFacts(sample.live),
    });
  else for (const { text } of renderTop(view, PIPED_SIZE)) await print.line(text);
  return EXIT_CODES.ok;
}

/** What of a live document is not in the counters beside it. */
function liveFacts({ second, operations, loads, servers, hotKeys }: LiveDocument): object {
  return { latency: second?.latency ?? null, operations, loads, servers, hotKeys };
}

/** The terminal with its keyboard, for as long as the view lasts. */
async function showLive(
  { io, print }: Invocation,
  terminal: CliTerminal,
  source: TopSource,
  first: TopView,
  interrupted: AbortSignal,
): Promise<ExitCode> {
  const quitting = new AbortController();
  const ended = AbortSignal.any([interrupted, quitting.signal]);
  const screen = await openScreen(io.stdout, terminal);
  const live = new LiveView(screen, terminal, print, first);
  const stopKeys = terminal.readKeys(
    (key) => {
      if (QUIT_KEYS.has(key)) quitting.abort();
      else if (key === " ") live.togglePause();
    },
    () => quitting.abort(),
  );
  const stopRedraws = terminal.onRedraw(() => live.redraw());
  try {
    await live.run(source, ended);
    return EXIT_CODES.ok;
  } finally {
    stopRedraws();
    stopKeys();
    await screen.close();
  }
}

/** A view that is drawn again and again. */
class LiveView {
  readonly #screen: TerminalScreen;
  readonly #terminal: CliTerminal;
  readonly #print: Printer;
  readonly #failed = new AbortController();
  #view: TopView;
  #error: unknown;

  constructor(screen: TerminalScreen, terminal: CliTerminal, print: Printer, view: TopView) {
    this.#screen = screen;
    this.#terminal = terminal;
    this.#print = print;
    this.#view = view;
  }

  /** Asks and draws until the end. @throws what drawing fails with */
  async run(source: TopSource, ended: AbortSignal): Promise<void> {
    const over = AbortSignal.any([ended, this.#failed.signal]);
    do {
      await this.#draw();
      if (!(await pauseUnless(over, this.#view.intervalMs))) break;
      if (!this.#view.isPaused) await this.#look(source, over);
    } while (!over.aborted);
    if (this.#error !== undefined) throw this.#error;
  }

  togglePause(): void {
    this.#view = { ...this.#view, isPaused: !this.#view.isPaused };
    this.#drawSoon();
  }

  /** After a resize nothing is where it was. */
  redraw(): void {
    this.#screen.invalidate();
    this.#drawSoon();
  }

  async #look(source: TopSource, over: AbortSignal): Promise<void> {
    try {
      const sample = await unlessEnded(over, takeSample(source));
      if (sample !== ENDED) this.#view = nextView(this.#view, sample);
    } catch (error) {
      this.#view = { ...this.#view, outage: reportOf(error).message };
    }
  }

  /** Drawn between two looks; a terminal that has gone ends the view. */
  #drawSoon(): void {
    this.#draw().catch((error: unknown) => {
      this.#error = error;
      this.#failed.abort();
    });
  }

  #draw(): Promise<void> {
    const paint = ({ text, colour }: FrameLine): string =>
      colour === undefined ? text : this.#print.paint(colour, text);
    return this.#screen.draw(renderTop(this.#view, this.#terminal.size()).map(paint));
  }
}
