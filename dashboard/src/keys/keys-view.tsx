import { useState } from "preact/hooks";
import { EntryPanel } from "./entry-panel.tsx";
import { KeyList } from "./key-list.tsx";
import { Maintenance } from "./maintenance.tsx";

/** What is looked at: a key, or a new one that is being written. */
export type Selection = { readonly kind: "key"; readonly key: string } | { readonly kind: "new" };

/** Keys by prefix, one of them with its value, and what ends many at once. */
export function KeysView() {
  const [namespace, setNamespace] = useState("");
  const [selection, setSelection] = useState<Selection>();
  const [changeCount, setChangeCount] = useState(0);
  const changed = (): void => setChangeCount((count) => count + 1);
  return (
    <div class="grid keys">
      <KeyList
        namespace={namespace}
        onNamespace={(chosen) => {
          setNamespace(chosen);
          setSelection(undefined);
        }}
        selection={selection}
        onSelect={setSelection}
        changeCount={changeCount}
      />
      <EntryPanel namespace={namespace} selection={selection} onSelect={setSelection} onChange={changed} />
      <Maintenance namespace={namespace} onChange={changed} />
    </div>
  );
}
