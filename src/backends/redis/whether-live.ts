import { BackendError } from "../../foundation/errors.ts";
import type { AskWhetherLive } from "./entry-item.ts";
import { tagMarksOf, versionOf } from "./record.ts";
import { translateRedisError } from "./redis-error.ts";
import type { ScriptWriter } from "./script-writer.ts";
import type { TagStore } from "./tag-store.ts";

/** How often a change may meet an entry that others replaced since its tags were looked at. Each time one of them got on. */
const MAX_QUESTIONS = 1_000;

/**
 * Answers for changes of entries with tags in a cluster, where entries and tags lie in different slots: looks at the tags and sends the change again with
 * what was found, which holds for exactly that version of the entry.
 */
export function createTagJudge(name: string, tags: TagStore, writer: ScriptWriter): AskWhetherLive {
  return (item, record) => {
    if (item.askedCount > MAX_QUESTIONS) {
      const message = `${name}: "${item.operation}" met another version of its entry on each of ${MAX_QUESTIONS} attempts.`;
      item.fail(new BackendError("GCX_BACKEND_FAILED", name, item.operation, message));
      return;
    }
    const marks = tagMarksOf(record);
    const judged = marks === undefined ? Promise.resolve(false) : tags.areCurrent(marks);
    judged.then(
      (isLive) => {
        item.judge(versionOf(record), isLive);
        writer.add(item);
      },
      (error: unknown) => item.fail(translateRedisError(name, item.operation, error)),
    );
  };
}
