import ts from "typescript";

/** One event as its source describes it. */
interface DescribedEvent {
  readonly name: string;
  readonly doc: string;
  /** Its fields with their types, as they are written. */
  readonly fields: readonly (readonly [name: string, type: string])[];
}

const INTRODUCTION = `# Events

What \`cache.on(name, listener)\` hears, and what subscribers of the diagnostics channel \`gocachex:event\` get as \`{ cache, name, event }\`. Made from
\`src/events/cache-events.ts\`; a test keeps it so.

A listener that throws, or whose promise rejects, becomes a process warning and changes nothing. An event that nobody listens to is never built. Keys are the view's own, without
the prefix of its namespace; \`namespace\` is its path, \`""\` for the root. [Logs](../guide/logging.md) have a line for each event, [metrics](./metrics.md) count what they tell.

| event | fields | meaning | its line in the log |
|---|---|---|---|
`;

/**
 * The page docs/reference/events.md.
 *
 * @param source text of src/events/cache-events.ts
 * @param levelOf the most important level of an event's lines in the log
 * @throws Error for an event without a sentence
 */
export function renderEventsReference(source: string, levelOf: (event: string) => string): string {
  const rows = describeEvents(source).map(({ name, doc, fields }) => {
    if (!/\.$/.test(doc)) throw new Error(`The event ${name} has no sentence.`);
    const list = fields.map(([field, type]) => `\`${field}: ${type}\``.replaceAll("|", "\\|")).join("<br>");
    return `| \`${name}\` | ${list} | ${doc.replaceAll("|", "\\|")} | \`${levelOf(name)}\` |`;
  });
  return `${INTRODUCTION}${rows.join("\n")}\n`;
}

function describeEvents(text: string): readonly DescribedEvent[] {
  const file = ts.createSourceFile("cache-events.ts", text, ts.ScriptTarget.Latest, true);
  const interfaces = new Map(
    file.statements.filter(ts.isInterfaceDeclaration).map((declaration) => [declaration.name.text, declaration]),
  );
  const map = interfaces.get("CacheEventMap");
  if (map === undefined) throw new Error("There is no CacheEventMap.");
  return map.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(file),
    doc: docOf(member),
    fields: fieldsOf(member.type, interfaces, file),
  }));
}

function docOf(node: ts.Node): string {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(docs.at(-1)?.comment) ?? "").replace(/\s+/g, " ").trim();
}

function fieldsOf(
  type: ts.TypeNode | undefined,
  interfaces: ReadonlyMap<string, ts.InterfaceDeclaration>,
  file: ts.SourceFile,
): readonly (readonly [string, string])[] {
  if (type === undefined) return [];
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap((part) => fieldsOf(part, interfaces, file));
  if (ts.isTypeLiteralNode(type)) return type.members.filter(ts.isPropertySignature).map((each) => fieldOf(each, file));
  const named = ts.isTypeReferenceNode(type) ? interfaces.get(type.typeName.getText(file)) : undefined;
  return named?.members.filter(ts.isPropertySignature).map((each) => fieldOf(each, file)) ?? [];
}

function fieldOf(member: ts.PropertySignature, file: ts.SourceFile): readonly [string, string] {
  const name = `${member.name.getText(file)}${member.questionToken === undefined ? "" : "?"}`;
  return [name, (member.type?.getText(file) ?? "unknown").replace(/^readonly /, "").replace(/\s+/g, " ")];
}
