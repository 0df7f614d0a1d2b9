import type { EntryWrite } from "../../backend/stored-entry.ts";
import type { NamespaceChain, NamespaceMarks } from "./namespace-marks.ts";
import type { NamespaceState } from "./namespace-state.ts";
import type { ServerCall } from "./server-call.ts";
import { lostMarks } from "./store-errors.ts";
import type { TagMark } from "./tag-mark.ts";
import type { TagMarks } from "./tag-marks.ts";

/** What {@link MarksForWrites} are made with. */
export interface MarksForWritesParts {
  readonly name: string;
  readonly namespaces: NamespaceMarks;
  readonly tags: TagMarks;
}

/** Tags and the stamp of a write. */
type TaggedWrite = Pick<EntryWrite, "tags" | "tagsUnchangedSince">;

const NO_MARKS: readonly TagMark[] = Object.freeze([]);

/** The marks that entries are written with; those that are missing are made. A server that loses them again and again is an error. */
export class MarksForWrites {
  readonly #parts: MarksForWritesParts;

  constructor(parts: MarksForWritesParts) {
    this.#parts = parts;
  }

  /** The state of namespaces now. @throws BackendError when their marks are lost again and again */
  async ofNamespaces(chain: NamespaceChain, call: ServerCall): Promise<NamespaceState> {
    const { namespaces, name } = this.#parts;
    const state = await namespaces.ensure(chain, call);
    if (state === undefined) throw lostMarks(name, call.operation);
    return state;
  }

  /**
   * The marks of the tags of a write; `undefined` when its stamp refuses it.
   *
   * @throws BackendError when they are lost again and again
   */
  async ofTags(
    { tags, tagsUnchangedSince }: TaggedWrite,
    versionBase: number,
    call: ServerCall,
  ): Promise<readonly TagMark[] | undefined> {
    if (tags.length === 0) return NO_MARKS;
    const marks = await this.#parts.tags.marksFor(tags, tagsUnchangedSince, versionBase, call);
    if (marks === undefined && tagsUnchangedSince === undefined) throw lostMarks(this.#parts.name, call.operation);
    return marks;
  }
}
