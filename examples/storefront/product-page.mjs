import { escapeHtml, formatPrice, renderHtmlPage } from "./html-page.mjs";

/**
 * A product for browsers; programs get the same as JSON.
 *
 * @param {{
 *   product: { id: number, name: string, description: string, price: number, currency: string, stock: number },
 *   related: readonly { id: number, name: string, price: number, currency: string }[],
 * }} page
 * @param {import("./html-page.mjs").PageOrigin} origin
 * @returns {string} HTML
 */
export function renderProductPage({ product, related }, origin) {
  const isCacheOff = origin.cacheState === "off";
  const compare = isCacheOff
    ? `<a href="${product.id}">The same page through the cache</a>`
    : `<a href="${product.id}?cache=off">The same page without the cache</a>`;
  const others = related.map(
    (teaser) => `<li><a href="${teaser.id}">${escapeHtml(teaser.name)}</a>, ${formatPrice(teaser)}</li>`,
  );
  const body = `<p><strong>${formatPrice(product)}</strong>, ${product.stock} in stock</p>
<p>${escapeHtml(product.description)}</p>
<h2>Customers also bought</h2>
<ul>
${others.join("\n")}
</ul>
<p>${compare} · <a href="../">All products</a></p>`;
  return renderHtmlPage({ title: product.name, body, origin });
}
