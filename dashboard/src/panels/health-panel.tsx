import { useEffect, useState } from "preact/hooks";
import type { CacheHealth, HealthStatus } from "../../../src/cache/health.ts";
import { tokenHeaders } from "../access-token.ts";
import { formatDuration } from "../number-format.ts";
import { Badge, EmptyState, Panel, type Tone } from "../panel.tsx";

/** A check asks every server, so it is asked for less often than the rest. */
const INTERVAL_MS = 5_000;

const TONES: Readonly<Record<HealthStatus, Tone>> = { up: "good", degraded: "fair", down: "bad" };

/** How the stores are. */
export function HealthPanel() {
  const health = useHealth();
  return (
    <Panel id="health" title="Health" note={`every ${INTERVAL_MS / 1_000} s`}>
      {health === undefined ? (
        <EmptyState>Asking …</EmptyState>
      ) : (
        <>
          <p class="health-status" role="status">
            <Badge tone={TONES[health.status]}>{health.status}</Badge>
          </p>
          <ul class="checks">
            {health.checks.map(({ name, status, latencyMs, message }) => (
              <li key={name}>
                <span class="break">{name}</span> <Badge tone={TONES[status]}>{status}</Badge>{" "}
                <span class="note">{formatDuration(latencyMs)}</span>
                {message === undefined ? null : <p class="break">{message}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function useHealth(): CacheHealth | undefined {
  const [health, setHealth] = useState<CacheHealth>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const ask = async (): Promise<void> => {
      const answer = await readHealth();
      if (isOver) return;
      if (answer !== undefined) setHealth(answer);
      timer = setTimeout(ask, INTERVAL_MS);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
  return health;
}

/** A store that is down is an answer as well, with 503; the browser may call it an error, so the page asks for the stream's place first. */
async function readHealth(): Promise<CacheHealth | undefined> {
  if (document.visibilityState !== "visible") return undefined;
  try {
    const response = await fetch("/v1/health", { headers: tokenHeaders(), cache: "no-store" });
    const answer = (await response.json()) as Partial<CacheHealth>;
    return Array.isArray(answer.checks) ? (answer as CacheHealth) : undefined;
  } catch {
    // The head of the page says that the node cannot be reached.
    return undefined;
  }
}
