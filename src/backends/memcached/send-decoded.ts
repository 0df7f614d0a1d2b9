import type {
  MemcachedAnswer,
  MemcachedCallOptions,
  MemcachedClient,
  MemcachedReceiver,
} from "../../clients/memcached/memcached-client.ts";
import type { MetaReply, MetaRequest } from "../../clients/memcached/meta-message.ts";
import type { TranslateError } from "./server-error.ts";

/** Makes the result of a call of the reply. */
export type ReplyDecoder<T> = (reply: MetaReply) => T;

class DecodedCall<T> implements MemcachedReceiver {
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #decode: ReplyDecoder<T>;
  readonly #translate: TranslateError;
  readonly #operation: string;

  constructor(
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
    decode: ReplyDecoder<T>,
    translate: TranslateError,
    operation: string,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#decode = decode;
    this.#translate = translate;
    this.#operation = operation;
  }

  resolve({ reply }: MemcachedAnswer): void {
    let result: T;
    try {
      result = this.#decode(reply);
    } catch (error) {
      this.#reject(error);
      return;
    }
    this.#resolve(result);
  }

  reject(error: unknown): void {
    this.#reject(this.#translate(error, this.#operation));
  }
}

/** Sends a request and decodes its reply where it is read: one promise for a call, where each further one costs a quarter of a microsecond. */
export function sendDecoded<T>(
  client: MemcachedClient,
  request: MetaRequest,
  options: MemcachedCallOptions,
  decode: ReplyDecoder<T>,
  translate: TranslateError,
): Promise<T> {
  return new Promise<T>((resolve, reject) =>
    client.sendTo(request, options, new DecodedCall(resolve, reject, decode, translate, options.operation)),
  );
}
