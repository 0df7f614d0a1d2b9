import { useEffect, useState } from "preact/hooks";
import { apiPath, askNode, keyPath, NodeProblem, wordsOf } from "../node-api.ts";
import { formatBytes, formatDuration } from "../number-format.ts";
import { EmptyState, Facts, Panel } from "../panel.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";
import { EntryEditor } from "./entry-editor.tsx";
import { type EntryPreview, editObstacle, readableValue } from "./entry-preview.ts";
import type { Selection } from "./keys-view.tsx";

type Read =
  | { readonly kind: "reading" }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "entry"; readonly entry: EntryPreview };

interface EntryPanelProps {
  readonly namespace: string;
  readonly selection: Selection | undefined;
  readonly onSelect: (selection: Selection | undefined) => void;
  /** Told when something was written or deleted. */
  readonly onChange: () => void;
}

/** The key that was chosen, or a new one. */
export function EntryPanel(props: EntryPanelProps) {
  const { selection } = props;
  const title = selection?.kind === "new" ? "New key" : "Entry";
  // On a phone it is below the list, out of sight.
  useEffect(() => {
    if (selection !== undefined) document.getElementById("entry")?.scrollIntoView({ block: "nearest" });
  }, [selection]);
  return (
    <Panel id="entry" title={title} size="half">
      {selection === undefined ? <EmptyState>Choose a key to look at its value.</EmptyState> : null}
      {selection?.kind === "key" ? (
        <Entry key={`${props.namespace} ${selection.key}`} {...props} name={selection.key} />
      ) : null}
      {selection?.kind === "new" ? (
        <EntryEditor
          namespace={props.namespace}
          onDone={(key) => {
            if (key === undefined) props.onSelect(undefined);
            else {
              props.onChange();
              props.onSelect({ kind: "key", key });
            }
          }}
        />
      ) : null}
    </Panel>
  );
}

function Entry({ namespace, name, onChange }: EntryPanelProps & { readonly name: string }) {
  const [read, setRead] = useState<Read>({ kind: "reading" });
  const [isEditing, setEditing] = useState(false);
  const [visit, setVisit] = useState(0);
  useEffect(() => {
    const over = new AbortController();
    readEntry(namespace, name, over.signal).then((answer) => {
      if (!over.signal.aborted) setRead(answer);
    });
    return () => over.abort();
  }, [namespace, name, visit]);
  const again = (): void => {
    setEditing(false);
    setVisit(visit + 1);
  };
  return (
    <>
      <p class="entry-key">
        <code class="break">{name}</code>
      </p>
      {read.kind === "reading" ? <EmptyState>Reading …</EmptyState> : null}
      {read.kind === "absent" ? <EmptyState>There is no live entry under this key.</EmptyState> : null}
      {read.kind === "failed" ? (
        <p class="alert" role="alert">
          {read.reason}
        </p>
      ) : null}
      {read.kind === "entry" && isEditing ? (
        <EntryEditor
          namespace={namespace}
          entry={read.entry}
          onDone={(key) => {
            if (key !== undefined) onChange();
            again();
          }}
        />
      ) : null}
      {read.kind === "entry" && !isEditing ? <EntryValue entry={read.entry} /> : null}
      {isEditing ? null : (
        <EntryActions
          namespace={namespace}
          name={name}
          entry={read.kind === "entry" ? read.entry : undefined}
          onEdit={() => setEditing(true)}
          onAgain={again}
          onChange={onChange}
        />
      )}
    </>
  );
}

function EntryValue({ entry }: { readonly entry: EntryPreview }) {
  const text = readableValue(entry);
  return (
    <>
      <Facts
        facts={[
          ["Type", entry.type === "json" ? entry.shape : `${entry.type} (${entry.shape})`],
          ["Size", formatBytes(entry.sizeBytes)],
          ["Expires", entry.ttl === "infinity" ? "never" : `in ${formatDuration(entry.ttl)}`],
          [
            "Version",
            <span key="version" class="break">
              {entry.version}
            </span>,
          ],
          ["Answered by", entry.tier],
          ["Tags", entry.tags.length === 0 ? "none" : entry.tags.join(", ")],
        ]}
      />
      {entry.isCut ? (
        <p class="note" role="note">
          Only the beginning of {formatBytes(entry.sizeBytes)} is shown.
        </p>
      ) : null}
      {entry.exact ? null : <p class="note">A program stored something that JSON only comes near.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="value" tabIndex={0} aria-label="Value">
        <pre>{text}</pre>
      </section>
    </>
  );
}

function EntryActions(props: {
  readonly namespace: string;
  readonly name: string;
  readonly entry: EntryPreview | undefined;
  readonly onEdit: () => void;
  readonly onAgain: () => void;
  readonly onChange: () => void;
}) {
  const { namespace, name, entry, onEdit, onAgain, onChange } = props;
  const [isAsking, setAsking] = useState(false);
  const obstacle = entry === undefined ? undefined : editObstacle(entry);
  return (
    <>
      {obstacle === undefined ? null : <p class="note">{obstacle}</p>}
      <div class="buttons">
        <button type="button" onClick={onAgain}>
          Read again
        </button>
        {entry === undefined ? null : (
          <>
            <button type="button" onClick={onEdit} disabled={obstacle !== undefined}>
              Edit
            </button>
            <button type="button" class="danger" onClick={() => setAsking(true)}>
              Delete
            </button>
          </>
        )}
      </div>
      {isAsking ? (
        <ConfirmDialog
          title="Delete this key?"
          action="Delete"
          onConfirm={async () => {
            await askNode(apiPath(keyPath(name), namespace), { method: "DELETE" });
            onChange();
            onAgain();
          }}
          onClose={() => setAsking(false)}
        >
          <code class="break">{name}</code> is deleted for every process that shares the store.
        </ConfirmDialog>
      ) : null}
    </>
  );
}

async function readEntry(namespace: string, name: string, signal: AbortSignal): Promise<Read> {
  try {
    const response = await askNode(apiPath(keyPath(name, "/preview"), namespace), { signal });
    return { kind: "entry", entry: (await response.json()) as EntryPreview };
  } catch (error) {
    if (error instanceof NodeProblem && error.status === 404) return { kind: "absent" };
    return { kind: "failed", reason: wordsOf(error) };
  }
}
