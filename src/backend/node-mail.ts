/** Hears what other nodes send. Neither may throw. */
export interface MailListener {
  onLetter(letter: Buffer): void;
  /** Letters may have been missed. `isHearing`: those from now on come, until the next gap. */
  onGap(isHearing: boolean): void;
}

/** Letters between the nodes that share a store, which does not look inside. They may be lost, and come twice. */
export interface NodeMail {
  /**
   * Sends a letter to a node, or to all that have mail, this one too. Resolves when the store has passed it on, which does not mean that anybody was there; rejects where it may not
   * have.
   */
  send(letter: Uint8Array, to?: string): Promise<unknown>;
  /** Ends it: nothing is told any more. */
  close(): void;
}
