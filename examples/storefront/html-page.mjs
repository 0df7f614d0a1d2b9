import { createHash } from "node:crypto";
import { formatMs } from "./number-format.mjs";

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 42rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .35rem .5rem; }
th, td { padding: .35rem .5rem; text-align: left; border-bottom: 1px solid #d0d7de; }
.price { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.origin { padding: .5rem .75rem; border-left: .25rem solid #2da44e; background: #f0f2f4; }
code { background: #f0f2f4; padding: .1em .3em; }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117; } a { color: #79b8ff; } th, td { border-color: #30363d; }
  code, .origin { background: #21262d; }
}
`;

/** Nothing but this document, its own style, and the empty icon that keeps browsers from asking for one. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Where a page came from and how long that took, for its reader.
 *
 * @typedef {{ cacheState: "hit" | "miss" | "off", tookMs: number }} PageOrigin
 */

const CACHE_STATES = {
  hit: "all of it was in the cache",
  miss: "some of it had to be searched in the catalogue's file",
  off: "without the cache, every row was searched in the catalogue's file",
};

/**
 * A page of the shop as HTML.
 *
 * @param {{ title: string, body: string, origin: PageOrigin }} page `body` is HTML
 * @returns {string}
 */
export function renderHtmlPage({ title, body, origin }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="origin">This page took <strong>${formatMs(origin.tookMs)}</strong> in the shop: ${CACHE_STATES[origin.cacheState]}
(<code>x-cache: ${origin.cacheState}</code>).</p>
${body}
</main>
</body>
</html>
`;
}

/** A price that stays on one line. */
export function formatPrice({ price, currency }) {
  return `${price.toFixed(2)}\u00a0${escapeHtml(currency)}`;
}

const HTML_ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as it may stand in HTML and in quoted attributes. */
export function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (character) => HTML_ESCAPES[character]);
}
