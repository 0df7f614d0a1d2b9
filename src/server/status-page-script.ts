/** Script of the status page: asks for the counters each second and for the health every fifth, while the page is looked at, and writes them as text. */
export const STATUS_PAGE_SCRIPT: string = `
"use strict";
const SAMPLE_COUNT = 60;
const POLL_MS = 1000;
const POLLS_PER_HEALTH_CHECK = 5;
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const show = (id, text) => { const node = document.getElementById(id); if (node.textContent !== text) node.textContent = text; };

function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) { bytes /= 1024; unit += 1; }
  return (unit === 0 ? whole : tenths).format(bytes) + " " + units[unit];
}

function span(ms) {
  const seconds = Math.floor(ms / 1000);
  const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"], [Math.floor(seconds / 60) % 60, "m"], [seconds % 60, "s"]];
  const first = parts.findIndex(([count]) => count > 0);
  return first === -1 ? "0s" : parts.slice(first, first + 2).map(([count, unit]) => count + unit).join(" ");
}

// Below ten a whole number would say too little; above, tenths would only flicker.
function perSecond(rate) {
  return (rate > 0 && rate < 9.95 ? tenths : whole).format(rate) + " per second";
}

const rates = [];
let previous;

// A rate needs two counts: none is known after the first, nor when the counters began again.
function sample(reads) {
  const at = performance.now();
  const isKnown = previous !== undefined && reads >= previous.reads && at > previous.at;
  if (isKnown) rates.push((reads - previous.reads) * 1000 / (at - previous.at));
  if (rates.length > SAMPLE_COUNT) rates.shift();
  previous = { reads, at };
  show("rate", isKnown ? perSecond(rates.at(-1)) : "\u2013 per second");
}

function render(stats) {
  const reads = stats.hits + stats.misses;
  sample(reads);
  show("reads", whole.format(reads));
  show("ratio", reads === 0 ? "–" : percent.format(stats.hitRatio));
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
  show("top", rates.length === 0 ? "\u00a0" : "Highest in the last minute: " + perSecond(Math.max(...rates)));
}

function say(state, text) {
  document.getElementById("state").dataset.state = state;
  show("state", text);
}

function showHealth(status, text) {
  document.getElementById("health").dataset.status = status;
  show("health", status);
  show("checks", text);
}

async function askHealth() {
  try {
    // A cache that is down answers with 503 and the same document.
    const response = await fetch("/v1/health", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    const { status, checks } = await response.json();
    const ailing = checks.filter((check) => check.status !== "up").map((check) => check.name + ": " + (check.message ?? check.status));
    showHealth(String(status), ailing.length === 0 ? checks.map((check) => check.name).join(", ") : ailing.join("; "));
  } catch {
    showHealth("unknown", "no answer");
  }
}

let pollCount = 0;

async function poll() {
  if (document.hidden) return;
  if (pollCount % POLLS_PER_HEALTH_CHECK === 0) askHealth();
  pollCount += 1;
  try {
    const response = await fetch("/v1/stats", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error("HTTP " + response.status);
    render(await response.json());
    say("live", "Live");
  } catch {
    previous = undefined;
    pollCount = 0;
    showHealth("unknown", "no answer");
    say("lost", "The node does not answer. Trying again.");
  }
}

async function run() {
  await poll();
  setTimeout(run, POLL_MS);
}
run();
`;
