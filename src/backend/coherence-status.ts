/** Another process that keeps copies, as this one knows it. */
export interface CoherencePeer {
  /** Names one life of it; its address while that is not known yet. */
  readonly id: string;
  readonly address: string;
  /** What carries messages to it: `"grpc"`, `"redis"`. */
  readonly transport: string;
  readonly state: "connecting" | "connected" | "lost";
  /** How long ago something was heard of it, in ms; `Infinity`: never. */
  readonly silentMs: number;
  /** Messages that wait to be sent to it. */
  readonly queuedCount: number;
}

/** What a store with copies in this process knows of their freshness. Counts are since the start. */
export interface CoherenceStatus {
  /** The longest that a copy is served after it was last known to be current, in ms. */
  readonly maxStalenessMs: number;
  /** Whether copies that are read can be proven current. If not, they are not served, and reads go to the store. */
  readonly isProvable: boolean;
  /** How long ago the last probe was sent that the store answered, in ms; `undefined`: there was none, or nobody reads and so nobody asks. */
  readonly probeAgeMs: number | undefined;
  /** Probes that the store answered. */
  readonly probes: number;
  /** Probes that it did not. */
  readonly probeFailures: number;
  /** Times that a shard had changes of which no message came: copies from before them are read again. Of a store without heads: copies that were found to be changed. */
  readonly repairs: number;
  /** Times that the data of the store, or of a shard, was found to be another than before: all copies of it ended. */
  readonly epochChanges: number;
  /** Answers of the store that did not become copies, because something newer was heard of while they were on their way. */
  readonly refusedCopies: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Times that messages may have been missed. */
  readonly gaps: number;
  /** Writes that wait for all processes now. */
  readonly pendingAcks: number;
  readonly peers: readonly CoherencePeer[];
}
