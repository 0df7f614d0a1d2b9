import { ConfigError } from "../../foundation/errors.ts";
import type { SharedSlab } from "./shared-slab.ts";

const LINE_UNITS = 8;

/**
 * Enters a writer: one 64-bit word with the thread's id and a number that is never given twice, in one atomic step, so that a
 * thread is either wholly registered or not at all.
 *
 * @returns the number, the writer's name on its segments
 * @throws ConfigError `GCX_CONFIG_INVALID` when as many writers as the slab has places for are attached, those of threads that ended unreported included
 */
export function enterParticipant(slab: SharedSlab, threadId: number): number {
  const { participantAt, participantCount } = slab.layout;
  const incarnation = slab.nextIncarnation();
  const word = slab.pair(incarnation, threadId + 1);
  for (let index = 0; index < participantCount; index += 1) {
    if (Atomics.compareExchange(slab.b64, participantAt + index * LINE_UNITS, 0n, word) === 0n) return incarnation;
  }
  const message = `memory.shared: ${participantCount} caches use this memory already. Close one, report threads that ended, or make it larger.`;
  throw new ConfigError("GCX_CONFIG_INVALID", "memory.shared", message);
}

/** Takes a writer out. Its segments must have been given up before. */
export function leaveParticipant(slab: SharedSlab, threadId: number, incarnation: number): void {
  const { participantAt, participantCount } = slab.layout;
  const word = slab.pair(incarnation, threadId + 1);
  for (let index = 0; index < participantCount; index += 1) {
    if (Atomics.compareExchange(slab.b64, participantAt + index * LINE_UNITS, word, 0n) === word) return;
  }
}

/** The writers that a thread entered and did not take out. */
export function participantsOf(slab: SharedSlab, threadId: number): readonly number[] {
  const { participantAt, participantCount } = slab.layout;
  const found: number[] = [];
  for (let index = 0; index < participantCount; index += 1) {
    const word = Atomics.load(slab.b64, participantAt + index * LINE_UNITS);
    if (Number(word >> 32n) === threadId + 1) found.push(Number(word & 0xffff_ffffn));
  }
  return found;
}
