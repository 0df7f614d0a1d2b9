/**
 * The shop's front page.
 *
 * @param {readonly { id: number, name: string, price: number, currency: string }[]} teasers
 * @returns {string} HTML
 */
export function renderHomePage(teasers) {
  const rows = teasers.map(
    ({ id, name, price, currency }) =>
      `<tr><td><a href="products/${id}">${escapeHtml(name)}</a></td>` +
      `<td class="price">${price.toFixed(2)} ${escapeHtml(currency)}</td>` +
      `<td><a href="products/${id}?cache=off">without cache</a></td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Storefront on GoCacheX</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 42rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .5rem; text-align: left; border-bottom: 1px solid #d0d7de; }
.price { text-align: right; font-variant-numeric: tabular-nums; }
code { background: #f0f2f4; padding: .1em .3em; }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117; } a { color: #79b8ff; } th, td { border-color: #30363d; } code { background: #21262d; }
}
</style>
</head>
<body>
<main>
<h1>Storefront</h1>
<p>Every product is read through the cache. The catalogue behind it has no index, so a miss reads a file from its start.
Reload a product and watch the <code>x-cache</code> header.</p>
<table>
<caption>What visitors look at most</caption>
<thead><tr><th scope="col">Product</th><th scope="col" class="price">Price</th><th scope="col">Compare</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</main>
</body>
</html>
`;
}

const HTML_ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as it may stand in HTML and in quoted attributes. */
function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (character) => HTML_ESCAPES[character]);
}
