/** The spans of a trace as lines, each below the one that it is a part of, in the order in which they began. */
export function drawTree(spans, rootParentId) {
  const lines = [];
  const draw = (parentId, indent) => {
    const children = spans.filter((span) => span.parentId === parentId).sort(byStart);
    children.forEach((span, place) => {
      const isLast = place === children.length - 1;
      const branch = indent === undefined ? "" : `${indent}${isLast ? "└─ " : "├─ "}`;
      const label = `${branch}${span.name}`;
      lines.push(
        `${label.padEnd(46)} ${span.service.padEnd(8)} ${span.kind.padEnd(8)} ${span.ms.toFixed(1).padStart(7)} ms`,
      );
      draw(span.id, indent === undefined ? "" : `${indent}${isLast ? "   " : "│  "}`);
    });
  };
  draw(rootParentId, undefined);
  return lines;
}

function byStart(a, b) {
  return a.startNs < b.startNs ? -1 : 1;
}
