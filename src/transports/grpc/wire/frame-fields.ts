/** Numbers of the fields of `Frame` in `coherence.proto`. */
export const FRAME_BODY = { hello: 1, batch: 2, heartbeat: 3, letter: 4 } as const;

/** Number of `Batch.messages`. */
export const BATCH_MESSAGES = 2;

/** Numbers of the kinds of `Message`, by what they are called here. */
export const MESSAGE_KIND = { change: 1, tags: 2, clear: 3, "ack-ask": 4, ack: 5, unknown: 6, dirty: 7 } as const;
