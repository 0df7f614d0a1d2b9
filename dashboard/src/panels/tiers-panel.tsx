import type { TierStats } from "../../../src/cache/stats.ts";
import type { LiveServer } from "../../../src/observability/live/live-document.ts";
import type { NodeLiveDocument } from "../../../src/server/dashboard/live-streams.ts";
import { formatBytes, formatCount } from "../number-format.ts";
import { Badge, type Column, DataTable, Facts, Panel } from "../panel.tsx";

const COLUMNS: readonly Column<TierStats>[] = [
  { title: "Tier", cell: ({ name }) => <b>{name}</b> },
  { title: "Keys", isNumeric: true, cell: ({ keyCount }) => formatCount(keyCount) },
  { title: "Memory", isNumeric: true, cell: ({ memoryUsage }) => formatBytes(memoryUsage) },
  { title: "Evictions", isNumeric: true, cell: ({ evictions }) => formatCount(evictions) },
  { title: "Connections", isNumeric: true, cell: ({ connections }) => formatCount(connections) },
];

/** What each tier holds, nearest first, and the servers behind them. */
export function TiersPanel({ document }: { readonly document: NodeLiveDocument }) {
  const { stats, servers } = document;
  return (
    <Panel id="tiers" title="Tiers" note="nearest first">
      <DataTable label="Tiers" columns={COLUMNS} rows={stats.tiers} rowKey={({ name }) => name} />
      {stats.pendingWrites === undefined ? null : (
        <Facts facts={[["Writes that wait to be written behind", formatCount(stats.pendingWrites)]]} />
      )}
      {servers.length === 0 ? null : (
        <ul class="servers">
          {servers.map((server) => (
            <ServerRow key={`${server.backend} ${server.node}`} {...server} />
          ))}
        </ul>
      )}
      <p class="note">– means that only the server knows.</p>
    </Panel>
  );
}

function ServerRow({ backend, node, connection, breaker }: LiveServer) {
  return (
    <li>
      <span class="break">{backend === node ? backend : `${backend} ${node}`}</span>
      <span>
        {connection === null ? null : <Badge tone={connection === "connected" ? "good" : "bad"}>{connection}</Badge>}
        {breaker === null ? null : <Badge tone={breaker === "closed" ? "good" : "bad"}>breaker {breaker}</Badge>}
      </span>
    </li>
  );
}
