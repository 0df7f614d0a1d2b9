import type { CoherencePeer, CoherenceStatus } from "../../backend/coherence-status.ts";
import type { MetricRow, ScalarRow } from "./metric-row.ts";

const PEER_STATES: readonly CoherencePeer["state"][] = ["connecting", "connected", "lost"];

/** The name of a number of the status. */
type StatusNumber = {
  [Name in keyof CoherenceStatus]-?: number extends CoherenceStatus[Name] ? Name : never;
}[keyof CoherenceStatus];

/** Freshness of copies in this process. There are none of these where the cache keeps no copies. */
export const COHERENCE_METRICS: readonly MetricRow[] = [
  counter("coherence_messages_sent_total", "messagesSent", "Messages about changes that were sent to other processes."),
  counter("coherence_messages_received_total", "messagesReceived", "Messages about changes that came."),
  counter("coherence_gaps_total", "gaps", "Times that messages may have been missed; how many is not known."),
  {
    name: "coherence_probes_total",
    type: "counter",
    help: "Times that the store was asked whether copies are current, by whether it answered.",
    labels: ["outcome"],
    unit: "none",
    source: "`stats().coherence.probes`, `.probeFailures`",
    read: ({ stats: { coherence } }, add) => {
      add(coherence?.probes, "ok");
      add(coherence?.probeFailures, "error");
    },
  },
  {
    name: "coherence_probe_duration_seconds",
    type: "histogram",
    help: "How long the store took to say whether copies are current.",
    labels: [],
    unit: "seconds",
    source: "event `probe`",
    read: ({ stats, tally }, add) => add(stats.coherence && tally.probeDurations),
  },
  {
    name: "coherence_probe_age_seconds",
    type: "gauge",
    aggregator: "max",
    help: "How long ago the last probe was sent that the store answered; absent while nobody reads.",
    labels: [],
    unit: "seconds",
    source: "`stats().coherence.probeAgeMs`",
    read: ({ stats: { coherence } }, add) => add(toSeconds(coherence?.probeAgeMs)),
  },
  {
    name: "coherence_provable",
    type: "gauge",
    aggregator: "min",
    help: "1 while copies can be proven current and are served, 0 while reads go to the store.",
    labels: [],
    unit: "none",
    source: "`stats().coherence.isProvable`",
    read: ({ stats: { coherence } }, add) => add(coherence && Number(coherence.isProvable)),
  },
  {
    name: "coherence_max_staleness_seconds",
    type: "gauge",
    aggregator: "max",
    help: "The longest that a copy is served after it was last known to be current.",
    labels: [],
    unit: "seconds",
    source: "`stats().coherence.maxStalenessMs`",
    read: ({ stats: { coherence } }, add) => add(toSeconds(coherence?.maxStalenessMs)),
  },
  counter("coherence_repairs_total", "repairs", "Times that changes were found of which no message had come."),
  counter("coherence_epoch_changes_total", "epochChanges", "Times that the data of the store was another than before."),
  counter("coherence_refused_copies_total", "refusedCopies", "Answers of the store that something newer overtook."),
  {
    name: "coherence_pending_acks",
    type: "gauge",
    help: "Writes that wait for all processes now.",
    labels: [],
    unit: "none",
    source: "`stats().coherence.pendingAcks`",
    read: ({ stats: { coherence } }, add) => add(coherence?.pendingAcks),
  },
  {
    name: "coherence_peers",
    type: "gauge",
    help: "Other processes with copies that this one knows, by the state of the connection.",
    labels: ["transport", "state"],
    unit: "none",
    source: "`stats().coherence.peers`",
    read: ({ stats: { coherence } }, add) => {
      for (const [transport, peers] of byTransport(coherence)) {
        for (const state of PEER_STATES) add(peers.filter((peer) => peer.state === state).length, transport, state);
      }
    },
  },
  {
    name: "coherence_queued_messages",
    type: "gauge",
    help: "Messages that wait to be sent to other processes.",
    labels: ["transport"],
    unit: "none",
    source: "`stats().coherence.peers[].queuedCount`",
    read: ({ stats: { coherence } }, add) => {
      for (const [transport, peers] of byTransport(coherence)) {
        const queued = peers.reduce((sum, { queuedCount }) => sum + queuedCount, 0);
        add(queued, transport);
      }
    },
  },
];

function counter(name: string, field: StatusNumber, help: string): ScalarRow {
  return {
    ...{ name, type: "counter", help, labels: [], unit: "none", source: `\`stats().coherence.${field}\`` },
    read: ({ stats: { coherence } }, add) => add(coherence?.[field]),
  };
}

function byTransport(coherence: CoherenceStatus | undefined): Map<string, readonly CoherencePeer[]> {
  const groups = new Map<string, CoherencePeer[]>();
  for (const peer of coherence?.peers ?? []) {
    const group = groups.get(peer.transport);
    if (group === undefined) groups.set(peer.transport, [peer]);
    else group.push(peer);
  }
  return groups;
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}
