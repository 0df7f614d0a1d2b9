import type { CarriedTrace } from "../events/carried-trace.ts";
import type { MailListener, NodeMail } from "./node-mail.ts";

/** Calls in a letter, by their numbers there, with the trace that each belongs to. */
export type LetterTraces = ReadonlyArray<readonly [call: number, trace: CarriedTrace]>;

/** Hears what the nodes of a mesh send each other, and who is there. None may throw. */
export interface PeerMailListener extends Omit<MailListener, "onLetter"> {
  /** `from`: the id of the life of the node that sent it, as the mesh knows it. `traces`: what the sender carried beside it, as far as it makes sense; nobody need look. */
  onLetter(letter: Buffer, from: string, traces?: LetterTraces): void;
  /** The answer of {@link PeerMail.peers} is another one, or the node listens from now on. */
  onPeers(): void;
}

/**
 * How far a node is with looking for the others.
 *
 * - `unopened`: it does not listen yet, and has dialed nobody
 * - `dialing`: some addresses have not been tried to an end, and nobody has accepted a connection there
 * - `answer-due`: somebody has accepted a connection, and has not said yet who it is; at the latest when the dial's time is over it is tried
 * - `silent`: each address that was to be dialed has been tried, and behind some nobody answered within the dial's time: who is there may be any time
 * - `over`: each has been tried, and answered or refused: who is there is known as far as it can be
 */
export type PeerSearch = "unopened" | "dialing" | "answer-due" | "silent" | "over";

/** Letters between nodes that are linked to each other. Over one link they keep their order, and come at most once. */
export interface PeerMail extends NodeMail {
  /** This life of this node. */
  readonly nodeId: string;
  /** Longest letter, in bytes. */
  readonly maxLetterBytes: number;
  /** Ids of the nodes that are linked now, in any order; this one is not among them. */
  peers(): readonly string[];
  /** How far this node is with looking for the others. */
  search(): PeerSearch;
  /** Sends a letter to one node, over its link; rejects at once where there is none, or too much waits for it. `traces` are left out where they do not fit. */
  send(letter: Uint8Array, to: string, traces?: LetterTraces): Promise<unknown>;
}
