import type { CoherencePeer, CoherenceStatus } from "../../../src/backend/coherence-status.ts";
import { formatCount, formatDuration } from "../number-format.ts";
import { Badge, type Column, DataTable, EmptyState, Facts, Panel, type Tone } from "../panel.tsx";

const TONES: Readonly<Record<CoherencePeer["state"], Tone>> = { connected: "good", connecting: "fair", lost: "bad" };

const COLUMNS: readonly Column<CoherencePeer>[] = [
  { title: "Peer", cell: ({ address }) => <span class="break">{address}</span> },
  { title: "By", cell: ({ transport }) => transport },
  { title: "State", cell: ({ state }) => <Badge tone={TONES[state]}>{state}</Badge> },
  // JSON has no infinity: a peer that was never heard of comes as null.
  { title: "Silent for", isNumeric: true, cell: ({ silentMs }) => formatDuration(silentMs as number | null) },
  { title: "Waiting", isNumeric: true, cell: ({ queuedCount }) => formatCount(queuedCount) },
];

/** Who else keeps copies, and how fresh those of this process are. */
export function CoherencePanel({ coherence }: { readonly coherence: CoherenceStatus | undefined }) {
  return (
    <Panel id="coherence" title="Peers and coherence" size="full">
      {coherence === undefined ? (
        <EmptyState>This cache keeps no copies of a shared store, so there is nothing to keep in step.</EmptyState>
      ) : (
        <div class="columns">
          <Facts facts={factsOf(coherence)} />
          {coherence.peers.length === 0 ? (
            <EmptyState>No other process is known. Copies are proven by probes alone.</EmptyState>
          ) : (
            <DataTable
              label="Peers"
              columns={COLUMNS}
              rows={coherence.peers}
              rowKey={({ id, transport }) => `${transport} ${id}`}
            />
          )}
        </div>
      )}
    </Panel>
  );
}

function factsOf(coherence: CoherenceStatus): Parameters<typeof Facts>[0]["facts"] {
  return [
    ["Staleness bound", formatDuration(coherence.maxStalenessMs)],
    [
      "Copies can be proven current",
      <Badge key="provable" tone={coherence.isProvable ? "good" : "bad"}>
        {coherence.isProvable ? "yes" : "no, they are not served"}
      </Badge>,
    ],
    [
      "Last probe answered",
      coherence.probeAgeMs === undefined ? "none needed" : `${formatDuration(coherence.probeAgeMs)} ago`,
    ],
    ["Probes", `${formatCount(coherence.probes)} answered, ${formatCount(coherence.probeFailures)} not`],
    ["Gaps", formatCount(coherence.gaps)],
    ["Repairs", formatCount(coherence.repairs)],
    ["Other data found", formatCount(coherence.epochChanges)],
    ["Copies refused", formatCount(coherence.refusedCopies)],
    ["Messages", `${formatCount(coherence.messagesReceived)} received, ${formatCount(coherence.messagesSent)} sent`],
    ["Writes that wait for all", formatCount(coherence.pendingAcks)],
  ];
}
