/** What both ends know of a link. */
export interface LinkName {
  /** The node that dialed it. */
  readonly dialerId: string;
  /** Number of the dial, growing in each life of a node. */
  readonly dialNumber: number;
}

/**
 * Which of two links between the same two nodes is kept. Both ends come to the same answer, whichever link they heard of first:
 *
 * - dialed by the same node: the newer, since a node dials again when it knows the older to be over, or under another name of the same node;
 * - dialed by both at the same time: that of the node with the smaller id.
 *
 * @returns whether the second is kept
 */
export function isSecondKept(first: LinkName, second: LinkName): boolean {
  if (first.dialerId === second.dialerId) return second.dialNumber > first.dialNumber;
  return second.dialerId < first.dialerId;
}
