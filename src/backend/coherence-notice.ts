/** What a store with copies in this process tells of their freshness. */
export type CoherenceNotice =
  /** Another process that keeps copies was heard of, or is not reachable any more; `node` is its address. */
  | {
      readonly kind: "peer";
      readonly transport: string;
      readonly id: string;
      readonly node: string;
      readonly state: "connecting" | "connected" | "lost";
    }
  /** Messages about changes may have been missed; `from` is the process that sent them, where that is known. */
  | { readonly kind: "gap"; readonly transport: string; readonly from?: string | undefined }
  /** The store was asked whether copies are current. */
  | {
      readonly kind: "probe";
      readonly isAnswered: boolean;
      readonly durationMs: number;
      /** Shards with changes of which no message had come yet. */
      readonly changedShards: number;
      /** Shards whose data is another than before; their copies ended. */
      readonly renewedShards: number;
      /** Stores without heads: copies that it was asked about. */
      readonly askedCopies?: number | undefined;
      /** Of these, those whose entries are others; they ended. */
      readonly changedCopies?: number | undefined;
    };
