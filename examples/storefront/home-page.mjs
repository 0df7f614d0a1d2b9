import { escapeHtml, formatPrice, renderHtmlPage } from "./html-page.mjs";

/**
 * The shop's front page.
 *
 * @param {readonly { id: number, name: string, price: number, currency: string }[]} teasers
 * @param {import("./html-page.mjs").PageOrigin} origin
 * @returns {string} HTML
 */
export function renderHomePage(teasers, origin) {
  const rows = teasers.map(
    (teaser) =>
      `<tr><td><a href="products/${teaser.id}">${escapeHtml(teaser.name)}</a></td>` +
      `<td class="price">${formatPrice(teaser)}</td>` +
      `<td><a href="products/${teaser.id}?cache=off">without cache</a></td></tr>`,
  );
  const body = `<p>Every product is read through the cache. The catalogue behind it has no index, so a miss reads a file from its start.
Open a product, reload it, and compare it with the same page without the cache.</p>
<table>
<caption>What visitors look at most</caption>
<thead><tr><th scope="col">Product</th><th scope="col" class="price">Price</th><th scope="col">Compare</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>`;
  return renderHtmlPage({ title: "Storefront", body, origin });
}
