/** Script of the status page: asks for the counters each second while the page is looked at, and writes them as text. */
export const STATUS_PAGE_SCRIPT: string = `
"use strict";
const SAMPLE_COUNT = 60;
const POLL_MS = 1000;
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fraction = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const show = (id, text) => { const node = document.getElementById(id); if (node.textContent !== text) node.textContent = text; };

function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; unit += 1; }
  return fraction.format(bytes) + " " + units[unit];
}

function span(ms) {
  const seconds = Math.floor(ms / 1000);
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "m"], [seconds % 60, "s"]];
  const first = parts.findIndex(([count]) => count > 0);
  return first === -1 ? "0s" : parts.slice(first, first + 2).map(([count, unit]) => count + unit).join(" ");
}

const rates = [];
let previous;

function render(stats) {
  const requests = stats.hits + stats.misses;
  const at = performance.now();
  const rate = previous === undefined || requests < previous.requests ? 0 : (requests - previous.requests) * 1000 / (at - previous.at);
  previous = { requests, at };
  rates.push(rate);
  if (rates.length > SAMPLE_COUNT) rates.shift();
  show("requests", whole.format(requests));
  show("rate", fraction.format(rate) + " per second");
  show("ratio", requests === 0 ? "–" : percent.format(stats.hitRatio));
  show("hits", whole.format(stats.hits) + " hits, " + whole.format(stats.misses) + " misses");
  show("keys", whole.format(stats.keyCount));
  show("writes", whole.format(stats.sets) + " writes, " + whole.format(stats.deletes) + " deletes");
  show("memory", size(stats.memoryUsage));
  show("evictions", whole.format(stats.evictions) + " evictions");
  show("loads", whole.format(stats.loads));
  show("failures", whole.format(stats.loadFailures) + " failed");
  show("uptime", span(stats.uptime));
  draw();
}

function draw() {
  const top = Math.max(1, ...rates);
  const points = rates.map((rate, index) => (SAMPLE_COUNT - rates.length + index) + "," + (100 - 96 * rate / top).toFixed(2));
  document.getElementById("line").setAttribute("points", points.join(" "));
  show("top", "Highest in the last minute: " + fraction.format(Math.max(0, ...rates)) + " per second");
}

function say(state, text) {
  document.getElementById("state").dataset.state = state;
  show("state", text);
}

async function poll() {
  if (document.hidden) return;
  try {
    const response = await fetch("/v1/stats", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error("HTTP " + response.status);
    render(await response.json());
    say("live", "Live");
  } catch {
    previous = undefined;
    say("lost", "The node does not answer. Trying again.");
  }
}

async function run() {
  await poll();
  setTimeout(run, POLL_MS);
}
run();
`;
