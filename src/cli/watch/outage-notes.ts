import { reportOf } from "../exit-code.ts";

/** Tells the beginning and the end of a time without answers, once each. */
export interface OutageNotes {
  failed(error: unknown): Promise<void>;
  answered(): Promise<void>;
}

/** Makes notes of what is asked again and again. */
export function createOutageNotes(onNote: (text: string) => Promise<void>): OutageNotes {
  let isOut = false;
  return {
    async failed(error) {
      if (isOut) return;
      isOut = true;
      const { message, code } = reportOf(error);
      await onNote(`note: no answer, asking on: ${message} [${code}]`);
    },
    async answered() {
      if (!isOut) return;
      isOut = false;
      await onNote("note: there are answers again.");
    },
  };
}
