import { useCallback, useEffect, useState } from "preact/hooks";
import type { LiveSecond } from "../../src/observability/live/live-document.ts";
import type { NodeLiveDocument } from "../../src/server/dashboard/live-streams.ts";
import { storeToken } from "./access-token.ts";
import { extendHistory } from "./history.ts";
import { KeysView } from "./keys/keys-view.tsx";
import { type ConnectionState, connectLive } from "./live-connection.ts";
import { LiveView } from "./live-view.tsx";
import { PageHead, type ViewName } from "./page-head.tsx";
import { TokenForm } from "./token-form.tsx";

interface Known {
  readonly document: NodeLiveDocument;
  readonly history: readonly LiveSecond[];
}

/** The page. */
export function App() {
  const [state, setState] = useState<ConnectionState>({ kind: "connecting" });
  const [known, setKnown] = useState<Known>();
  const [visit, setVisit] = useState(0);
  const view = useView();
  useEffect(
    () =>
      connectLive({
        onState: setState,
        onDocument: (document) =>
          setKnown((before) => ({ document, history: extendHistory(before?.history ?? [], document) })),
      }),
    [visit],
  );
  const useToken = useCallback((token: string | undefined) => {
    storeToken(token);
    setKnown(undefined);
    setVisit((count) => count + 1);
  }, []);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to a place of the page, by hand, because the address names the view */}
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to content
      </a>
      <PageHead state={state} document={known?.document} view={view} onForgetToken={() => useToken(undefined)} />
      <main id="content" tabIndex={-1}>
        <Content state={state} known={known} view={view} onToken={useToken} />
      </main>
    </>
  );
}

function Content(props: {
  readonly state: ConnectionState;
  readonly known: Known | undefined;
  readonly view: ViewName;
  readonly onToken: (token: string | undefined) => void;
}) {
  const { state, known, view, onToken } = props;
  if (state.kind === "token-needed" || state.kind === "forbidden") {
    return <TokenForm reason={state.reason} onToken={onToken} />;
  }
  return (
    <>
      {state.kind === "lost" ? (
        <p class="alert page-alert" role="alert">
          {state.reason} {known === undefined ? "" : "What you see is what was known last. "}Trying again.
        </p>
      ) : null}
      {view === "keys" ? <KeysView /> : <LiveOrWaiting known={known} />}
    </>
  );
}

function LiveOrWaiting({ known }: { readonly known: Known | undefined }) {
  return known === undefined ? (
    <p class="waiting">Waiting for the first numbers …</p>
  ) : (
    <LiveView document={known.document} history={known.history} />
  );
}

/** The view that the address names; a link to one can be kept and shared. */
function useView(): ViewName {
  const [view, setView] = useState(viewOfAddress);
  useEffect(() => {
    const follow = (): void => setView(viewOfAddress());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return view;
}

function viewOfAddress(): ViewName {
  return location.hash === "#keys" ? "keys" : "live";
}

function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}
