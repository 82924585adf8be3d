/** Finding spans within a trace that is already here. */

import type { Node, Tree } from "./tree";

/** The nodes whose name, service, id or status message contains the text, whatever the case. */
export function matches(tree: Tree, text: string): Node[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  return tree.nodes.filter(({ id, span }) => {
    if (id.startsWith(wanted)) return true;
    if (span === null) return false;
    return [span.name, span.service, span.status.message].some((field) => field.toLowerCase().includes(wanted));
  });
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
