/** What a probe found: some shards need another look. */
export interface ProbeFindings {
  /** Shards with changes of which nothing was heard yet. */
  readonly owed: readonly number[];
  /** Shards whose data is another than before: nothing that was read of them may be served. */
  readonly renewed: readonly number[];
}
