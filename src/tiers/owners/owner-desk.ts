import type { EntryTooLargeError } from "../../foundation/errors.ts";
import type { OwnedShards } from "./owned-shards.ts";
import type { OwnerReply } from "./owner-letter.ts";
import type { OwnerAnswers, OwnerOp, OwnerRequest } from "./owner-request.ts";
import type { OwnerRights } from "./owner-rights.ts";
import { shardsOf } from "./request-extent.ts";

/** What answers as an owner is made of. */
export interface OwnerDeskParts {
  readonly rights: OwnerRights;
  readonly shards: OwnedShards;
  readonly shardOf: (key: string) => number;
}

/** Pause before an owner that lacks its right is asked again, in ms. */
const AGREE_MS = 20;

/** What an owner that is new to a shard may do at once: the shard is empty, and says so. */
const QUIET_OPS: ReadonlySet<OwnerOp> = new Set<OwnerOp>([
  ...(["read", "release", "claim", "unclaim", "heads"] as const),
]);

/** What changes all shards at once, also those whose owner is away. */
const WIDE_OPS: ReadonlySet<OwnerOp> = new Set<OwnerOp>(["tags", "clear"]);

/** Answers requests as an owner, as far as this node may act as one. Never forwards: who asked finds the owner itself. */
export class OwnerDesk {
  readonly #parts: OwnerDeskParts;

  constructor(parts: OwnerDeskParts) {
    this.#parts = parts;
  }

  /**
   * Does what is asked, or says why not. At once, but for lists of keys.
   *
   * @param view by which the sender asks this node
   */
  serve(view: string, request: OwnerRequest): OwnerReply | Promise<OwnerReply> {
    const refusal = this.#refuse(view, request);
    return refusal ?? this.#carryOut(request);
  }

  #carryOut(request: OwnerRequest): OwnerReply | Promise<OwnerReply> {
    this.#parts.rights.noteServed(WIDE_OPS.has(request.op));
    try {
      const answer = this.#parts.shards.handle(request);
      if (!(answer instanceof Promise)) return { kind: "answer", answer };
      return answer.then((settled): OwnerReply => ({ kind: "answer", answer: settled }), toFailure);
    } catch (error) {
      return toFailure(error);
    }
  }

  /** @returns what is said instead of doing it, or of doing all of it */
  #refuse(view: string, request: OwnerRequest): OwnerReply | Promise<OwnerReply> | undefined {
    const { rights, shardOf } = this.#parts;
    // Who asks by another view may have copies that nobody here would wait for, and may be asking whom others do not ask.
    if (view !== rights.view?.id) return { kind: "away" };
    if (!rights.isAgreed()) return { kind: "later", waitMs: AGREE_MS };
    let quietMs = 0;
    for (const shard of shardsOf(request, shardOf)) {
      if (!rights.isOwn(shard)) return { kind: "away" };
      quietMs = Math.max(quietMs, rights.quietMs(shard));
    }
    if (quietMs === 0) return undefined;
    if (quietMs === Number.POSITIVE_INFINITY) return { kind: "later", waitMs: AGREE_MS };
    // Nothing is kept of a load that ends now, so nobody waits for another's.
    if (request.op === "take") return this.#carryOut({ ...request, takesOver: true });
    if (QUIET_OPS.has(request.op)) return undefined;
    return request.op === "fill" ? this.#refuseFill(request) : { kind: "later", waitMs: quietMs };
  }

  /** The result is its caller's alone: a change by who owned the key before may be newer. Nobody waits for it. */
  #refuseFill({ key, token }: Extract<OwnerRequest, { readonly op: "fill" }>): OwnerReply {
    const { shards, shardOf } = this.#parts;
    shards.handle({ op: "release", key, token });
    const [stamp] = shards.handle({ op: "heads", shards: [shardOf(key)] }) as OwnerAnswers["heads"];
    return { kind: "answer", answer: { stored: false, version: 0, stamp } };
  }
}

function toFailure(error: unknown): OwnerReply {
  const { code = "", message = String(error), sizeBytes, limitBytes } = error as Partial<EntryTooLargeError>;
  const sizes = sizeBytes === undefined || limitBytes === undefined ? [] : [sizeBytes, limitBytes];
  return { kind: "failed", code, message, sizes };
}
