import { useEffect, useState } from "preact/hooks";
import { apiPath, askNode, wordsOf } from "../node-api.ts";
import { formatCount } from "../number-format.ts";
import { EmptyState, Panel } from "../panel.tsx";
import type { Selection } from "./keys-view.tsx";

const FIRST_LIMIT = 100;

interface Listing {
  readonly keys: readonly string[];
  readonly hasMore: boolean;
  /** Why the listing broke off. */
  readonly problem?: string;
}

/** The keys of a namespace that begin with a prefix. */
export function KeyList(props: {
  readonly namespace: string;
  readonly onNamespace: (namespace: string) => void;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection) => void;
  /** Counts up with every change: the list is read again. */
  readonly changeCount: number;
}) {
  const { namespace, onNamespace, selection, onSelect, changeCount } = props;
  const [space, setSpace] = useState(namespace);
  const [typed, setTyped] = useState("");
  const [prefix, setPrefix] = useState("");
  const [limit, setLimit] = useState(FIRST_LIMIT);
  const [visit, setVisit] = useState(0);
  const listing = useListing(namespace, prefix, limit, `${changeCount} ${visit}`);
  return (
    <Panel id="key-list" title="Keys" size="third">
      <form
        class="stack-form"
        onSubmit={(event) => {
          event.preventDefault();
          setPrefix(typed);
          setLimit(FIRST_LIMIT);
          setVisit(visit + 1);
          if (space !== namespace) onNamespace(space);
        }}
      >
        <label>
          Namespace <span class="note">a/b for b inside a; empty for the root</span>
          <input value={space} spellcheck={false} onInput={({ currentTarget }) => setSpace(currentTarget.value)} />
        </label>
        <label>
          Prefix
          <input value={typed} spellcheck={false} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
        <div class="buttons">
          <button type="submit" class="primary">
            List keys
          </button>
          <button type="button" onClick={() => onSelect({ kind: "new" })}>
            New key
          </button>
        </div>
      </form>
      <ListedKeys listing={listing} selection={selection} onSelect={onSelect} onMore={() => setLimit(limit * 4)} />
    </Panel>
  );
}

function ListedKeys(props: {
  readonly listing: Listing | undefined;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection) => void;
  readonly onMore: () => void;
}) {
  const { listing, selection, onSelect, onMore } = props;
  if (listing === undefined) return <EmptyState>Reading …</EmptyState>;
  const { keys, hasMore, problem } = listing;
  return (
    <>
      {problem === undefined ? null : (
        <p class="alert" role="alert">
          {problem}
        </p>
      )}
      <p class="note" role="status">
        {keys.length === 0 ? "No such keys." : `${formatCount(keys.length)} keys${hasMore ? ", and more" : ""}`}
      </p>
      <ul class="key-list">
        {keys.map((key) => (
          <li key={key}>
            <button
              type="button"
              aria-pressed={selection?.kind === "key" && selection.key === key}
              onClick={() => onSelect({ kind: "key", key })}
            >
              {key}
            </button>
          </li>
        ))}
      </ul>
      {hasMore ? (
        <div class="buttons">
          <button type="button" onClick={onMore}>
            Show more
          </button>
        </div>
      ) : null}
    </>
  );
}

function useListing(namespace: string, prefix: string, limit: number, visit: string): Listing | undefined {
  const [listing, setListing] = useState<Listing>();
  useEffect(() => {
    const over = new AbortController();
    readKeys(namespace, prefix, limit, over.signal)
      .catch((error: unknown): Listing => ({ keys: [], hasMore: false, problem: wordsOf(error) }))
      .then((read) => {
        if (!over.signal.aborted) setListing(read);
      });
    return () => over.abort();
  }, [namespace, prefix, limit, visit]);
  return listing;
}

/** Reads one key more than is shown, to know whether there are more. */
async function readKeys(namespace: string, prefix: string, limit: number, signal: AbortSignal): Promise<Listing> {
  const query = { limit: String(limit + 1), ...(prefix === "" ? {} : { prefix }) };
  const response = await askNode(apiPath("/v1/keys", namespace, query), { signal });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const documents = lines.map((line) => JSON.parse(line) as { key?: string; error?: { message: string } });
  const problem = documents.find(({ error }) => error !== undefined)?.error?.message;
  const keys = documents.flatMap(({ key }) => (key === undefined ? [] : [key]));
  return {
    keys: keys.slice(0, limit).sort(),
    hasMore: keys.length > limit,
    ...(problem === undefined ? {} : { problem: `The listing broke off: ${problem}` }),
  };
}
