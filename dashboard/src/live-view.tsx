import type { LiveSecond } from "../../src/observability/live/live-document.ts";
import type { NodeLiveDocument } from "../../src/server/dashboard/live-streams.ts";
import { CoherencePanel } from "./panels/coherence-panel.tsx";
import { EventsPanel } from "./panels/events-panel.tsx";
import { HealthPanel } from "./panels/health-panel.tsx";
import { HotKeysPanel } from "./panels/hot-keys-panel.tsx";
import { LoadsPanel } from "./panels/loads-panel.tsx";
import { OperationsPanel } from "./panels/operations-panel.tsx";
import { SlowPanel } from "./panels/slow-panel.tsx";
import { TiersPanel } from "./panels/tiers-panel.tsx";
import { Totals } from "./panels/totals.tsx";
import { TrafficCharts } from "./panels/traffic-charts.tsx";

/** What the cache does now. */
export function LiveView(props: { readonly document: NodeLiveDocument; readonly history: readonly LiveSecond[] }) {
  const { document, history } = props;
  return (
    <div class="grid">
      <Totals document={document} history={history} />
      <TrafficCharts history={history} />
      <OperationsPanel operations={document.operations} nearTier={document.nearTier} />
      <TiersPanel document={document} />
      <LoadsPanel document={document} history={history} />
      <HealthPanel />
      <CoherencePanel coherence={document.stats.coherence} />
      <HotKeysPanel hotKeys={document.hotKeys} />
      <SlowPanel calls={document.slowCalls} loads={document.slowLoads} />
      <EventsPanel events={document.events} />
    </div>
  );
}
