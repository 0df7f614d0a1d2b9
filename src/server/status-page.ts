import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { sendBody } from "./respond.ts";
import { STATUS_PAGE_SCRIPT } from "./status-page-script.ts";
import { STATUS_PAGE_STYLE } from "./status-page-style.ts";

/**
 * Answers with the live status page: one document without any other request but for the counters and the health.
 * Its policy lets only this document's own script and style run, by a nonce that no other answer shares.
 *
 * @param hasApp whether to link to the application under `/app/`
 */
export function sendStatusPage(response: ServerResponse, hasApp: boolean): void {
  const nonce = randomBytes(18).toString("base64");
  response.setHeader("Content-Security-Policy", contentSecurityPolicy(nonce));
  sendBody(response, 200, "text/html; charset=utf-8", Buffer.from(statusPage(nonce, hasApp)));
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function tile(id: string, title: string, detailId: string): string {
  return `<div><dt>${title}</dt><dd><span id="${id}">–</span> <small id="${detailId}">&nbsp;</small></dd></div>`;
}

function statusPage(nonce: string, hasApp: boolean): string {
  const appLink = hasApp ? ' Application: <a href="/app/">/app/</a>.' : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GoCacheX node</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${STATUS_PAGE_STYLE}</style>
</head>
<body>
<main>
<header><h1>GoCacheX node</h1><p id="state" role="status">Connecting</p></header>
<dl>
${tile("reads", "Reads", "rate")}
${tile("ratio", "Hit ratio", "hits")}
${tile("keys", "Keys", "writes")}
${tile("memory", "Memory", "evictions")}
${tile("loads", "Loads", "failures")}
${tile("health", "Health", "checks")}
</dl>
<section aria-labelledby="chart-title">
<h2 id="chart-title">Reads per second</h2>
<svg viewBox="0 0 59 100" preserveAspectRatio="none" aria-hidden="true" focusable="false"><polyline id="line" points=""></polyline></svg>
<small id="top">&nbsp;</small>
</section>
<footer>Up for <span id="uptime">–</span>. Raw: <a href="/v1/stats">counters</a>, <a href="/v1/health">health</a>.${appLink}</footer>
<noscript><p>The live numbers need JavaScript; the <a href="/v1/stats">counters</a> do not.</p></noscript>
</main>
<script nonce="${nonce}">${STATUS_PAGE_SCRIPT}</script>
</body>
</html>
`;
}
