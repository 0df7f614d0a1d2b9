import type { LiveOperation } from "../../../src/observability/live/live-document.ts";
import { formatCount, formatDuration, formatRate } from "../number-format.ts";
import { type Column, DataTable, EmptyState, Panel } from "../panel.tsx";

const COLUMNS: readonly Column<LiveOperation>[] = [
  { title: "Call", cell: ({ operation }) => <code>{operation}</code> },
  { title: "Store", cell: ({ backend }) => backend },
  { title: "Rate", isNumeric: true, cell: ({ perSecond }) => formatRate(perSecond) },
  { title: "p50", isNumeric: true, cell: ({ p50Ms }) => formatDuration(p50Ms) },
  { title: "p95", isNumeric: true, cell: ({ p95Ms }) => formatDuration(p95Ms) },
  { title: "p99", isNumeric: true, cell: ({ p99Ms }) => formatDuration(p99Ms) },
  { title: "Longest", isNumeric: true, cell: ({ maxMs }) => formatDuration(maxMs) },
  {
    title: "Failed",
    isNumeric: true,
    cell: ({ errorCount }) => (errorCount === 0 ? "0" : <b class="bad">{formatCount(errorCount)}</b>),
  },
];

/** Calls to the store by kind. */
export function OperationsPanel(props: {
  readonly operations: readonly LiveOperation[];
  readonly nearTier: string | null;
}) {
  const { operations, nearTier } = props;
  return (
    <Panel id="operations" title="Calls to the store" note="last minute">
      {operations.length === 0 ? (
        <EmptyState>No calls in the last minute.</EmptyState>
      ) : (
        <DataTable
          label="Calls to the store"
          columns={COLUMNS}
          rows={operations}
          rowKey={({ backend, operation }) => `${backend} ${operation}`}
        />
      )}
      {nearTier === null ? null : (
        <p class="note">Reads that {nearTier} answers at once are counted as hits and misses, but not timed.</p>
      )}
    </Panel>
  );
}
