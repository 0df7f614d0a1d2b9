/** Colours of lines and of their names; each is readable on white and on near-black. */
export const LINE_COLORS = ["#d9622b", "#1a9e77", "#b8860b", "#c2569b", "#7a6ff0", "#6b8e23", "#a0522d", "#2aa1b3"];

/** What follows the reader's light or dark setting. The background is drawn, for the page around may follow another. */
const STYLE = `
.back{fill:#fff}.text{fill:#1f2328}.muted{fill:#59636e}.rule{stroke:#d1d9e0}.bar{fill:#9aa5b1}.ours{fill:#0969da}.our-line{stroke:#0969da}.floor{fill:#d0d7de}
@media (prefers-color-scheme:dark){.back{fill:#0d1117}.text{fill:#e6edf3}.muted{fill:#9198a1}.rule{stroke:#3d444d}.bar{fill:#6e7681}.ours{fill:#4493f8}.our-line{stroke:#4493f8}.floor{fill:#3d444d}}
text{font:12px system-ui,sans-serif}.small{font-size:11px}.title{font-size:14px;font-weight:600}.strong{font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}`;

/**
 * A whole SVG: no scripts, no fonts of its own, nothing that is fetched.
 *
 * @param {{ width: number, height: number, title: string, body: readonly string[] }} content
 */
export function svgFrame({ width, height, title, body }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}"><title>${escapeXml(title)}</title><style>${STYLE}</style>
<rect class="back" width="${width}" height="${height}" rx="6"/>
${body.join("\n")}
</svg>
`;
}

/** @param {string} text */
export function escapeXml(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} [className]
 */
export function svgText(x, y, content, className = "text") {
  return `<text x="${short(x)}" y="${short(y)}" class="${className}">${escapeXml(content)}</text>`;
}

/** @param {number} value one decimal is enough for a pixel */
export function short(value) {
  return String(Number(value.toFixed(1)));
}
