/** Finding spans within a trace that is already here. */

import type { TraceSummary } from "../api/types";
import type { Node, Tree } from "./tree";
import { ancestors } from "./waterfall";

/** The nodes whose name, title, service or status message contains the text, or whose id begins with it, whatever the case. */
export function matches(tree: Tree, text: string): Node[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  return tree.nodes.filter(({ id, span }) => {
    if (id.startsWith(wanted)) return true;
    if (span === null) return false;
    if (span.ordinal?.startsWith(wanted)) return true;
    const fields = [span.name, span.data?.title ?? "", span.service, span.status.message];
    return fields.some((field) => field.toLowerCase().includes(wanted));
  });
}

/** The nodes above the one that failed the trace. */
export function aboveFailure(tree: Tree, trace: TraceSummary | null): ReadonlySet<Node> {
  const failed = trace?.agents && trace.failure ? tree.byKey.get(trace.failure.span_id) : undefined;
  return new Set(failed === undefined ? [] : ancestors(failed));
}

export function errors(tree: Tree): Node[] {
  return tree.nodes.filter(({ span }) => span?.status.code === "error");
}

export type Direction = "next" | "previous";

/** The neighbour of the selected node among some nodes of the tree, going round at the ends. */
export function neighbour(tree: Tree, among: Node[], selected: string | null, direction: Direction): Node | null {
  if (among.length === 0) return null;
  const current = selected === null ? -1 : tree.nodes.findIndex((node) => node.key === selected);
  const wanted = new Set(among);
  const length = tree.nodes.length;
  const step = direction === "next" ? 1 : -1;
  const from = current === -1 && direction === "previous" ? 0 : current;
  for (let i = 1; i <= length; i++) {
    const node = tree.nodes[(from + step * i + length * 2) % length]!;
    if (wanted.has(node)) return node;
  }
  return among[0] ?? null;
}
