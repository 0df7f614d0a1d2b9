import type { ComponentChildren } from "preact";

/** A part of the page with a heading. */
export function Panel(props: {
  readonly id: string;
  readonly title: string;
  /** A few words beside the heading. */
  readonly note?: string;
  /** How wide it is where there is room. */
  readonly size?: "third" | "half" | "full";
  readonly children: ComponentChildren;
}) {
  const { id, title, note, size = "half", children } = props;
  return (
    <section class={`panel panel-${size}`} aria-labelledby={`${id}-title`} id={id}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {note === undefined ? null : <p class="note">{note}</p>}
      </header>
      {children}
    </section>
  );
}

/** What stands where there is nothing to show, and why. */
export function EmptyState({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** A column of a {@link DataTable}. */
export interface Column<Row> {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly isNumeric?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

/** A table that scrolls by itself where it is too wide, and can be reached by keyboard then. */
export function DataTable<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
}) {
  const { label, columns, rows, rowKey } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll" tabIndex={0} aria-label={`${label}, table`}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, isNumeric }) => (
              <th key={title} scope="col" class={isNumeric === true ? "numeric" : ""}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ title, isNumeric, cell }) => (
                <td key={title} class={isNumeric === true ? "numeric" : ""}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** How good something is; said in words as well as in colour. */
export type Tone = "good" | "fair" | "bad" | "plain";

/** A state in a word. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

/** Names and what they are. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
