import type { CarriedTrace } from "../events/carried-trace.ts";
import type { MailListener, NodeMail } from "./node-mail.ts";

/** Calls in a letter, by their numbers there, with the trace that each belongs to. */
export type LetterTraces = ReadonlyArray<readonly [call: number, trace: CarriedTrace]>;

/** Hears what the nodes of a mesh send each other, and who is there. None may throw. */
export interface PeerMailListener extends Omit<MailListener, "onLetter"> {
  /** `from`: the id of the life of the node that sent it, as the mesh knows it. `traces`: what the sender carried beside it, as far as it makes sense; nobody need look. */
  onLetter(letter: Buffer, from: string, traces?: LetterTraces): void;
  /** The answer of {@link PeerMail.peers} is another one. */
  onPeers(): void;
}

/** Letters between nodes that are linked to each other. Over one link they keep their order, and come at most once. */
export interface PeerMail extends NodeMail {
  /** This life of this node. */
  readonly nodeId: string;
  /** Longest letter, in bytes. */
  readonly maxLetterBytes: number;
  /** Ids of the nodes that are linked now, in any order; this one is not among them. */
  peers(): readonly string[];
  /** Whether each address that was to be dialed has been tried: who is there is known as far as it can be. */
  hasTriedAll(): boolean;
  /** Sends a letter to one node, over its link; rejects at once where there is none, or too much waits for it. `traces` are left out where they do not fit. */
  send(letter: Uint8Array, to: string, traces?: LetterTraces): Promise<unknown>;
}
