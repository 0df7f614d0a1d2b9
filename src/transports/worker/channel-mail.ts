import type { MailListener, NodeMail } from "../../backend/node-mail.ts";
import type { Scheduler } from "../../foundation/scheduler.ts";

/** What goes over the channel. */
interface Packet {
  /** Whom it is for; `undefined`: all. */
  readonly to: string | undefined;
  readonly letter: Uint8Array;
}

/** What channels are called, so that they are nobody else's. */
const NAME_PREFIX = "gocachex:";

/**
 * Mail over a BroadcastChannel: all threads of the process that open one of this name hear what is said, in the order of each sender. Keeps no thread alive. What is no packet is somebody
 * else's, and is passed over.
 */
export function openChannelMail(name: string, nodeId: string, listener: MailListener, scheduler: Scheduler): NodeMail {
  const channel = new BroadcastChannel(NAME_PREFIX + name);
  let isClosed = false;
  channel.unref();
  channel.onmessage = (event: unknown) => {
    const packet = readPacket((event as { readonly data?: unknown }).data);
    if (isClosed || packet === undefined) return;
    const { to, letter } = packet;
    if (to === undefined || to === nodeId) {
      listener.onLetter(Buffer.from(letter.buffer, letter.byteOffset, letter.byteLength));
    }
  };
  // One that could not be read meant something.
  channel.onmessageerror = () => {
    if (!isClosed) listener.onGap(true);
  };
  // Not in the step of this call: who is told has no mail to answer by yet.
  scheduler.soon(() => {
    if (!isClosed) listener.onGap(true);
  });
  return {
    async send(letter, to) {
      if (isClosed) throw new Error("The channel is closed.");
      // A copy: with a view the whole of its buffer would be cloned, of which a letter is a small part.
      channel.postMessage({ to, letter: new Uint8Array(letter) } satisfies Packet);
    },
    close() {
      isClosed = true;
      channel.close();
    },
  };
}

function readPacket(data: unknown): Packet | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { to, letter } = data as Partial<Packet>;
  const isPacket = letter instanceof Uint8Array && (to === undefined || typeof to === "string");
  return isPacket ? { to, letter } : undefined;
}
