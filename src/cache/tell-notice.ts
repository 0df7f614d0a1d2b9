import type { BackendNotice } from "../backend/backend-notice.ts";
import type { CoherenceNotice } from "../backend/coherence-notice.ts";
import type { UnwrittenNotice } from "../backend/unwritten-notice.ts";
import type { EventHub } from "../events/event-hub.ts";

/** Makes events of what a store says of itself: `connection`, `breaker`, `peer`, `gap`, `probe`, `unwritten`, `warning`. Builds nothing when nobody listens. */
export function tellNotice(
  events: EventHub,
  backend: string,
  notice: BackendNotice | CoherenceNotice | UnwrittenNotice,
): void {
  if (!events.wants(notice.kind)) return;
  switch (notice.kind) {
    case "connection": {
      const { node, state, error } = notice;
      events.emit("connection", error === undefined ? { backend, node, state } : { backend, node, state, error });
      return;
    }
    case "breaker":
      events.emit("breaker", { backend, node: notice.node, state: notice.state });
      return;
    case "peer": {
      const { transport, id, node, state } = notice;
      events.emit("peer", { backend, node, transport, id, state });
      return;
    }
    case "gap": {
      const { transport, from } = notice;
      events.emit("gap", from === undefined ? { backend, transport } : { backend, transport, from });
      return;
    }
    case "probe": {
      const { isAnswered, durationMs, changedShards, renewedShards, askedCopies, changedCopies } = notice;
      const event = { backend, isAnswered, durationMs, changedShards, renewedShards };
      const isOfCopies = askedCopies !== undefined && changedCopies !== undefined;
      events.emit("probe", isOfCopies ? { ...event, askedCopies, changedCopies } : event);
      return;
    }
    case "unwritten": {
      const { reason, setCount, deleteCount, error } = notice;
      const event = { backend, reason, setCount, deleteCount };
      events.emit("unwritten", error === undefined ? event : { ...event, error });
      return;
    }
    case "warning": {
      const { node, message } = notice;
      events.emit("warning", node === undefined ? { backend, message } : { backend, node, message });
    }
  }
}
