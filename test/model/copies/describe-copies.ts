import type { CopiesState, NodeState, Place } from "./copies-state.ts";
import { FOREVER, NEVER } from "./relative-time.ts";

/** A state in one line, for counterexamples. */
export function describeCopies({ store, nodes }: CopiesState): string {
  const { value, head, epoch, tagClock } = store.data;
  const said = `store: value ${value}, head ${head}, tags ${tagClock}, epoch ${epoch}`;
  return [said, ...nodes.map(describeNode)].join(" · ");
}

function describeNode({ shard, tags, copy, work, memberAt }: NodeState, index: number): string {
  const kept =
    copy === null
      ? "no copy"
      : `copy ${copy.value} (head ${copy.head}, read at ${copy.readAt}, tags ${copy.tagHead}, life ${copy.generation})`;
  const tickets = work.map(({ minHead, isVoid }) => (isVoid ? "void" : `≥ ${minHead}`)).join(", ");
  const member = memberAt === FOREVER ? "" : `, member at ${instant(memberAt)}`;
  return `node ${index}: ${kept}, shard ${describePlace(shard)}, tags ${describePlace(tags)}${member}, tickets [${tickets}]`;
}

function describePlace({ applied, floor, seen, freshAt, owed, generation }: Place): string {
  const missing = owed === 0 ? "" : `, owed ${owed}`;
  return `[applied ${applied}, floor ${floor}, seen ${seen}, fresh at ${instant(freshAt)}${missing}, life ${generation}]`;
}

function instant(at: number): string {
  return at === NEVER ? "–" : String(at);
}
