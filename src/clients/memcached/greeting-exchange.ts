import type { Socket } from "node:net";
import type { MemcachedServerError } from "./memcached-server-error.ts";
import type { MetaStatus } from "./meta-message.ts";
import { MetaReplyParser, type MetaReplySink } from "./meta-reply-parser.ts";

/** Largest value that a question of the greeting is answered with. */
const MAX_ANSWER_BYTES = 1_024;

/** One reply to a question. */
export type GreetingReply =
  | { readonly kind: "meta"; readonly status: MetaStatus; readonly opaque: number; readonly flags: string }
  | { readonly kind: "error"; readonly error: MemcachedServerError }
  | { readonly kind: "line"; readonly line: string };

interface Question {
  readonly replies: GreetingReply[];
  /** How many replies it has; `undefined`: as many as come before the reply to a noop. */
  readonly replyCount: number | undefined;
  readonly resolve: (replies: readonly GreetingReply[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Questions and answers on a connection that is not ready yet. Unlike a {@link MemcachedConnection} it takes errors for answers, for that is
 * what it asks for: what a server does not know. Questions may be asked without waiting for answers.
 */
export class GreetingExchange implements MetaReplySink {
  readonly #socket: Socket;
  readonly #parser: MetaReplyParser = new MetaReplyParser(this, MAX_ANSWER_BYTES);
  readonly #questions: Question[] = [];
  #error: Error | undefined;
  #hasAnswered = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Begins to read. */
  start(): void {
    this.#socket.on("data", this.#onData);
    this.#socket.on("error", this.#onError);
    this.#socket.on("close", this.#onClose);
  }

  /** Whether anything was answered. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** @throws Error when there is more on the connection than was asked for, or less */
  assertFinished(): void {
    if (this.#error !== undefined) throw this.#error;
    const isFinished = this.#parser.isBetweenReplies && this.#questions.length === 0;
    if (!isFinished) throw new Error("The server said more than it was asked.");
  }

  /** Leaves the socket to somebody else, paused. */
  finish(): void {
    this.#socket.pause();
    this.#socket.off("data", this.#onData);
    this.#socket.off("error", this.#onError);
    this.#socket.off("close", this.#onClose);
  }

  /** Asks for as many replies as `text` has lines. */
  askLines(text: string, replyCount: number): Promise<readonly GreetingReply[]> {
    return this.#ask(text, replyCount);
  }

  /** Asks anything of the protocol; a noop behind it tells where the replies end, also where errors upset the order. */
  ask(text: string): Promise<readonly GreetingReply[]> {
    return this.#ask(`${text}mn\r\n`, undefined);
  }

  onReply(status: MetaStatus, opaque: number, _value: Buffer | undefined, flags: string): void {
    if (status === "MN" && this.#questions[0]?.replyCount === undefined) this.#answered();
    else this.#add({ kind: "meta", status, opaque, flags });
  }

  onError(error: MemcachedServerError): void {
    this.#add({ kind: "error", error });
  }

  onLine(line: string): void {
    this.#add({ kind: "line", line });
  }

  #ask(text: string, replyCount: number | undefined): Promise<readonly GreetingReply[]> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error);
        return;
      }
      this.#questions.push({ replies: [], replyCount, resolve, reject });
      this.#socket.write(text);
    });
  }

  #add(reply: GreetingReply): void {
    const question = this.#questions[0];
    question?.replies.push(reply);
    if (question === undefined) this.#parser.fail("a reply that nobody asked for");
    else if (question.replies.length === question.replyCount) this.#answered();
  }

  #answered(): void {
    this.#hasAnswered = true;
    const question = this.#questions.shift();
    if (question === undefined) this.#parser.fail("a reply that nobody asked for");
    else question.resolve(question.replies);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#parser.push(chunk);
    const { fault } = this.#parser;
    if (fault === undefined) return;
    // 0x15 is the first byte of an alert of TLS, 0x81 of a reply of the binary protocol.
    const hint = chunk[0] === 0x15 ? " It seems to speak TLS: switch memcached.tls on." : "";
    this.#fail(new Error(`It does not speak the protocol of Memcached (${fault}).${hint}`));
  };

  readonly #onError = (error: Error): void => this.#fail(error);

  readonly #onClose = (): void => this.#fail(new Error("It closed the connection instead of an answer."));

  #fail(error: Error): void {
    this.#error ??= error;
    for (const question of this.#questions.splice(0)) question.reject(this.#error);
  }
}
