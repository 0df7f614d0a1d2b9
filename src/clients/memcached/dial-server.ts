import type { Socket } from "node:net";
import type { Clock } from "../../foundation/clock.ts";
import type { DeadlineQueue } from "../../foundation/deadline-queue.ts";
import { formatServerAddress, type ServerAddress } from "../server-address.ts";
import { type Greeting, type GreetingOptions, greetServer } from "./greet-server.ts";
import type { MemcachedSettings } from "./memcached-settings.ts";
import { openSocket } from "./open-socket.ts";
import { PatientDeadline } from "./patient-deadline.ts";

/** A connection that is ready, and what its server said. */
export interface DialledServer {
  readonly socket: Socket;
  readonly greeting: Greeting;
}

/** A connection that is being made. */
export interface Dial {
  /** Rejects with the reason; never later than its deadline. */
  readonly done: Promise<DialledServer>;
  /** Gives up at once. */
  abandon(error: Error): void;
}

/** What a dial needs. */
export interface DialParts {
  readonly address: ServerAddress;
  readonly settings: MemcachedSettings;
  readonly greeting: Pick<GreetingOptions, "knownVersion" | "probeKey">;
  readonly deadlines: DeadlineQueue;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** Connects, authenticates and greets, all within the settings' deadline. */
export function dialServer({ address, settings, greeting, deadlines, clock }: DialParts): Dial {
  const opening = openSocket(address, settings.tls);
  let abandonGreeting: ((error: Error) => void) | undefined;
  const abandoned = new Promise<never>((_, reject) => {
    abandonGreeting = reject;
  });
  const abandon = (error: Error): void => {
    abandonGreeting?.(error);
    opening.abandon(error);
  };
  const where = formatServerAddress(address);
  const { timeoutMs } = settings;
  const deadline = new PatientDeadline(deadlines, clock, timeoutMs, () =>
    abandon(new Error(`no connection to ${where} was ready within ${timeoutMs} ms.`)),
  );
  const run = async (): Promise<DialledServer> => {
    const socket = await opening.ready;
    const { credentials } = settings;
    return { socket, greeting: await greetServer(socket, { ...greeting, credentials }) };
  };
  const done = Promise.race([run(), abandoned]).then(
    (dialled) => {
      deadline.cancel();
      return dialled;
    },
    (error: Error) => {
      deadline.cancel();
      opening.abandon(error);
      throw error;
    },
  );
  return { done, abandon };
}
