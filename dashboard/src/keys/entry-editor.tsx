import { useState } from "preact/hooks";
import { apiPath, askNode, keyPath, NodeProblem, wordsOf } from "../node-api.ts";
import { type EntryPreview, readableValue } from "./entry-preview.ts";

/** Writes a value: over the version that was looked at, or under a key that is not there yet. */
export function EntryEditor(props: {
  readonly namespace: string;
  /** What is edited; absent: a new key. */
  readonly entry?: EntryPreview;
  /** The key that was written, or `undefined` when it was not. */
  readonly onDone: (key: string | undefined) => void;
}) {
  const { namespace, entry, onDone } = props;
  const [key, setKey] = useState(entry?.key ?? "");
  const [value, setValue] = useState(entry === undefined ? "" : readableValue(entry));
  const [ttl, setTtl] = useState(entry === undefined ? "" : String(entry.ttl));
  const [tags, setTags] = useState(entry?.tags.join(", ") ?? "");
  const [problem, setProblem] = useState<string>();
  const save = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await write(namespace, entry, { key, value, ttl, tags });
      onDone(key);
    } catch (error) {
      setProblem(wordsOf(error));
    }
  };
  return (
    <form
      class="stack-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {entry === undefined ? (
        <label>
          Key
          <input value={key} spellcheck={false} required onInput={({ currentTarget }) => setKey(currentTarget.value)} />
        </label>
      ) : null}
      <label>
        Value, as JSON
        <textarea
          rows={10}
          value={value}
          spellcheck={false}
          onInput={({ currentTarget }) => setValue(currentTarget.value)}
        />
      </label>
      <div class="two">
        <label>
          Time to live <span class="note">5m, 1h30m, ms, infinity; empty for the default</span>
          <input value={ttl} spellcheck={false} onInput={({ currentTarget }) => setTtl(currentTarget.value)} />
        </label>
        <label>
          Tags <span class="note">divided by commas</span>
          <input value={tags} spellcheck={false} onInput={({ currentTarget }) => setTags(currentTarget.value)} />
        </label>
      </div>
      {problem === undefined ? null : (
        <p class="alert" role="alert">
          {problem}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" onClick={() => onDone(undefined)}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface Fields {
  readonly key: string;
  readonly value: string;
  readonly ttl: string;
  readonly tags: string;
}

async function write(namespace: string, entry: EntryPreview | undefined, fields: Fields): Promise<void> {
  try {
    JSON.parse(fields.value);
  } catch (error) {
    throw new Error(`This is no JSON: ${wordsOf(error)}. Text needs quotes.`);
  }
  const tags = fields.tags.split(",").map((tag) => tag.trim());
  const named = tags.filter((tag) => tag !== "").join(",");
  const ttl = fields.ttl.trim();
  const query = { ...(ttl === "" ? {} : { ttl }), ...(named === "" ? {} : { tags: named }) };
  // What another changed meanwhile is not written over.
  const headers = entry === undefined ? { "If-None-Match": "*" } : { "If-Match": `"${entry.version}"` };
  try {
    await askNode(apiPath(keyPath(fields.key), namespace, query), { method: "PUT", headers, body: fields.value });
  } catch (error) {
    if (!(error instanceof NodeProblem) || error.status !== 412) throw error;
    const words = entry === undefined ? "This key is there already." : "It was changed or removed meanwhile.";
    throw new Error(`Nothing was written. ${words} Cancel and read it again.`);
  }
}
