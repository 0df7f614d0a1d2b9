import type { BackendNotice } from "../backend/backend-notice.ts";
import type { EventHub } from "../events/event-hub.ts";

/** Makes events of what a store says of itself: `connection`, `breaker`, `warning`. Builds nothing when nobody listens. */
export function tellNotice(events: EventHub, backend: string, notice: BackendNotice): void {
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
    case "warning": {
      const { node, message } = notice;
      events.emit("warning", node === undefined ? { backend, message } : { backend, node, message });
    }
  }
}
