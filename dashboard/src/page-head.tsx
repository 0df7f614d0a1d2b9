import { useState } from "preact/hooks";
import type { NodeLiveDocument } from "../../src/server/dashboard/live-streams.ts";
import { readToken } from "./access-token.ts";
import type { ConnectionState } from "./live-connection.ts";
import { formatDuration } from "./number-format.ts";
import { Badge, type Tone } from "./panel.tsx";
import { readTheme, storeTheme, type Theme } from "./theme.ts";

/** What the page shows. */
export type ViewName = "live" | "keys";

const VIEWS: readonly { readonly name: ViewName; readonly title: string }[] = [
  { name: "live", title: "Live" },
  { name: "keys", title: "Keys" },
];

const STATES: Readonly<Record<ConnectionState["kind"], readonly [Tone, string]>> = {
  connecting: ["plain", "Connecting"],
  live: ["good", "Live"],
  lost: ["bad", "Connection lost"],
  "token-needed": ["fair", "Token needed"],
  forbidden: ["bad", "Not permitted"],
};

/** The top of the page: what it is of, how the page stands with it, where to go. */
export function PageHead(props: {
  readonly state: ConnectionState;
  readonly document: NodeLiveDocument | undefined;
  readonly view: ViewName;
  readonly onForgetToken: () => void;
}) {
  const { state, document, view, onForgetToken } = props;
  const [tone, words] = STATES[state.kind];
  return (
    <header class="page-head">
      <div class="page-title">
        <h1>GoCacheX</h1>
        {document === undefined ? null : <p class="note">{describe(document)}</p>}
      </div>
      <nav aria-label="Views">
        {VIEWS.map(({ name, title }) => (
          <a key={name} href={`#${name}`} aria-current={name === view ? "page" : undefined}>
            {title}
          </a>
        ))}
        {document?.hasApp === true ? <a href="/app/">Application</a> : null}
      </nav>
      <div class="page-tools">
        <output class="state">
          <Badge tone={tone}>{words}</Badge>
        </output>
        {readToken() === undefined ? null : (
          <button type="button" class="quiet" onClick={onForgetToken}>
            Forget token
          </button>
        )}
        <ThemeSwitch />
      </div>
    </header>
  );
}

function describe({ backend, nearTier, name, stats }: NodeLiveDocument): string {
  const store = nearTier === null || nearTier === backend ? backend : `${nearTier} + ${backend}`;
  const place = name === "" ? "" : `${name} · `;
  return `${place}${store} · up ${formatDuration(Math.floor(stats.uptime / 1_000) * 1_000)}`;
}

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(readTheme);
  return (
    <label class="theme">
      <span class="visually-hidden">Colours</span>
      <select
        value={theme}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.value as Theme;
          storeTheme(chosen);
          setTheme(chosen);
        }}
      >
        <option value="auto">System colours</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
