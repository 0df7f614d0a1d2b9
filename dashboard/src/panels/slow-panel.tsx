import type { SlowLoad, SlowStoreCall } from "../../../src/observability/live/live-document.ts";
import { formatDuration, formatTime } from "../number-format.ts";
import { Badge, type Column, DataTable, EmptyState, Panel } from "../panel.tsx";

const LOAD_COLUMNS: readonly Column<SlowLoad>[] = [
  {
    title: "Key",
    cell: ({ key, namespace }) => (
      <>
        {namespace === "" ? null : <span class="note">{namespace} </span>}
        <code class="break">{key}</code>
      </>
    ),
  },
  { title: "Took", isNumeric: true, cell: ({ durationMs }) => formatDuration(durationMs) },
  {
    title: "Outcome",
    cell: ({ outcome }) => (
      <Badge tone={outcome === "failed" || outcome === "timed-out" ? "bad" : "plain"}>{outcome}</Badge>
    ),
  },
  { title: "At", isNumeric: true, cell: ({ at }) => formatTime(at) },
];

const CALL_COLUMNS: readonly Column<SlowStoreCall>[] = [
  { title: "Call", cell: ({ operation }) => <code>{operation}</code> },
  { title: "Store", cell: ({ backend }) => backend },
  { title: "Took", isNumeric: true, cell: ({ durationMs }) => formatDuration(durationMs) },
  { title: "Outcome", cell: ({ outcome }) => <Badge tone={outcome === "ok" ? "plain" : "bad"}>{outcome}</Badge> },
  { title: "At", isNumeric: true, cell: ({ at }) => formatTime(at) },
];

/** What took longest. */
export function SlowPanel(props: { readonly calls: readonly SlowStoreCall[]; readonly loads: readonly SlowLoad[] }) {
  const { calls, loads } = props;
  return (
    <Panel id="slow" title="Slow keys and calls" note="last five minutes">
      <h3>Loads</h3>
      {loads.length === 0 ? (
        <EmptyState>No loads.</EmptyState>
      ) : (
        <DataTable label="Slow loads" columns={LOAD_COLUMNS} rows={loads} rowKey={rowKey} />
      )}
      <h3>Calls to the store</h3>
      {calls.length === 0 ? (
        <EmptyState>No calls.</EmptyState>
      ) : (
        <DataTable label="Slow calls" columns={CALL_COLUMNS} rows={calls} rowKey={rowKey} />
      )}
    </Panel>
  );
}

function rowKey({ at, durationMs }: SlowLoad | SlowStoreCall): string {
  return `${at} ${durationMs}`;
}
