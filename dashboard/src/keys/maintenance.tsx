import { useState } from "preact/hooks";
import { apiPath, askNode, wordsOf } from "../node-api.ts";
import { Panel } from "../panel.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";

/** The root has no name of its own to be typed. */
const ROOT_WORD = "everything";

/** What ends many entries at once. */
export function Maintenance(props: { readonly namespace: string; readonly onChange: () => void }) {
  return (
    <Panel id="maintenance" title="Many at once" note={placeOf(props.namespace)} size="third">
      <TagForm {...props} />
      <ClearForm {...props} />
    </Panel>
  );
}

function placeOf(namespace: string): string {
  return namespace === "" ? "whole cache" : namespace;
}

function TagForm({ namespace, onChange }: { readonly namespace: string; readonly onChange: () => void }) {
  const [tag, setTag] = useState("");
  const [told, setTold] = useState<{ readonly isProblem: boolean; readonly text: string }>();
  const invalidate = async (): Promise<void> => {
    try {
      const body = JSON.stringify({ tags: [tag] });
      await askNode(apiPath("/v1/tags/invalidate", namespace), { method: "POST", body });
      setTold({ isProblem: false, text: `Entries with the tag ${tag} have ended.` });
      setTag("");
      onChange();
    } catch (error) {
      setTold({ isProblem: true, text: wordsOf(error) });
    }
  };
  return (
    <form
      class="stack-form"
      onSubmit={(event) => {
        event.preventDefault();
        void invalidate();
      }}
    >
      <h3>Invalidate a tag</h3>
      <label>
        Tag
        <input value={tag} spellcheck={false} onInput={({ currentTarget }) => setTag(currentTarget.value)} />
      </label>
      <div class="buttons">
        <button type="submit" disabled={tag === ""}>
          Invalidate
        </button>
      </div>
      <p class={told?.isProblem === true ? "alert" : "note"} role="status" hidden={told === undefined}>
        {told?.text}
      </p>
    </form>
  );
}

function ClearForm({ namespace, onChange }: { readonly namespace: string; readonly onChange: () => void }) {
  const [step, setStep] = useState<"none" | "name" | "sure">("none");
  const [typed, setTyped] = useState("");
  const [told, setTold] = useState<string>();
  const word = namespace === "" ? ROOT_WORD : namespace;
  const close = (): void => {
    setStep("none");
    setTyped("");
  };
  return (
    <div class="stack-form">
      <h3>Clear</h3>
      <p class="note">
        Ends every entry of {namespace === "" ? "the whole cache" : `${namespace} and what is inside it`}.
      </p>
      <div class="buttons">
        <button
          type="button"
          class="danger"
          onClick={() => {
            setTold(undefined);
            setStep("name");
          }}
        >
          Clear …
        </button>
      </div>
      <p class="note" role="status" hidden={told === undefined}>
        {told}
      </p>
      {step === "none" ? null : (
        <ConfirmDialog
          title={step === "name" ? `Clear ${placeOf(namespace)}?` : "Are you sure?"}
          action={step === "name" ? "Continue" : `Clear ${placeOf(namespace)} now`}
          isReady={typed === word}
          closesAfter={step === "sure"}
          onConfirm={async () => {
            if (step === "name") {
              setStep("sure");
              return;
            }
            await askNode(apiPath("/v1/clear", namespace), { method: "POST", body: "{}" });
            setTold("It was cleared.");
            onChange();
          }}
          onClose={close}
        >
          {step === "name" ? (
            <label>
              Type <b>{word}</b> to go on
              <input
                value={typed}
                spellcheck={false}
                autocomplete="off"
                onInput={({ currentTarget }) => setTyped(currentTarget.value)}
              />
            </label>
          ) : (
            <p>Every process that shares the store loses these entries. This cannot be taken back.</p>
          )}
        </ConfirmDialog>
      )}
    </div>
  );
}
