import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "../node-api.ts";

/** Asks before something that cannot be taken back. Escape and Cancel leave everything as it is; the focus goes back to where it was. */
export function ConfirmDialog(props: {
  readonly title: string;
  /** What the button says. */
  readonly action: string;
  /** Whether the button may be used yet. Default: true. */
  readonly isReady?: boolean;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  /** Whether a success closes the dialog. Default: true. */
  readonly closesAfter?: boolean;
  readonly children: ComponentChildren;
}) {
  const { title, action, isReady = true, onConfirm, onClose, closesAfter = true, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await onConfirm();
      if (closesAfter) dialog.current?.close();
    } catch (error) {
      setProblem(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      <div class="dialog-body">{children}</div>
      {problem === undefined ? null : (
        <p class="alert" role="alert">
          {problem}
        </p>
      )}
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button type="button" class="danger" disabled={!isReady || isBusy} onClick={confirm}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
