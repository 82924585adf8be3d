/**
 * The spans of a trace as a tree that a waterfall can draw.
 *
 * Whatever was recorded, every span is in the tree exactly once: a parent that never came has a placeholder, an id that
 * was used twice names the first of its spans as the parent, and a circle is cut where it starts first.
 */

import type { Nanoseconds, TreeSpan } from "../api/types";
import { type Instant, instant, nanosecondsBetween } from "./time";

export interface Node {
  /** The span's id; with `~2`, `~3` where an id was used again. */
  key: string;
  /** Null: a parent that children name and nobody sent. */
  span: TreeSpan | null;
  id: string;
  parent: Node | null;
  children: Node[];
  depth: number;
  /** The place among its siblings, from 1, and how many these are. */
  position: number;
  siblings: number;
  /** How many nodes are below this one; in `nodes` they follow it directly. */
  descendants: number;
  /** After the trace's start. */
  start: Nanoseconds;
  /** Null while open. */
  end: Nanoseconds | null;
  /** When an announced span was last announced. */
  announced: Nanoseconds | null;
  /** The time in which no child ran; null while open and for placeholders. */
  self: Nanoseconds | null;
  /** This or a span below it failed. */
  failed: boolean;
  outlivesParent: boolean;
  cutCircle: boolean;
}

export interface Tree {
  /** Depth first, children in order of start. */
  nodes: Node[];
  byKey: Map<string, Node>;
  origin: Instant;
  /** The latest end, or start, or last announcement of a lost span, where that is later. */
  end: Nanoseconds;
  errors: number;
  open: number;
}

export function buildTree(spans: TreeSpan[]): Tree {
  const nodes = inOrderOfStart(spans);
  const byKey = new Map<string, Node>();
  for (const node of nodes) {
    for (let n = 2; byKey.has(node.key); n++) node.key = `${node.id}~${n}`;
    byKey.set(node.key, node);
  }
  const roots = linkParents(nodes, byKey);
  const ordered = depthFirst(roots);
  measure(ordered);
  return { nodes: ordered, byKey, origin: originOf(spans), ...totals(nodes) };
}

function originOf(spans: TreeSpan[]): Instant {
  let first: Instant | null = null;
  for (const span of spans) {
    const at = instant(span.start);
    if (first === null || nanosecondsBetween(first, at) < 0) first = at;
  }
  return first ?? { seconds: 0, nanoseconds: 0 };
}

function inOrderOfStart(spans: TreeSpan[]): Node[] {
  const origin = originOf(spans);
  const nodes = spans.map((span) => {
    const start = nanosecondsBetween(origin, instant(span.start));
    const end = span.duration_ns === null ? null : start + span.duration_ns;
    const announced = span.announced === null ? null : nanosecondsBetween(origin, instant(span.announced));
    return { ...leaf(span.span_id, span, start, end), announced };
  });
  return nodes.sort((a, b) => a.start - b.start);
}

function leaf(id: string, span: TreeSpan | null, start: Nanoseconds, end: Nanoseconds | null): Node {
  return {
    key: id,
    span,
    id,
    parent: null,
    children: [],
    depth: 0,
    position: 1,
    siblings: 1,
    descendants: 0,
    start,
    end,
    announced: null,
    self: null,
    failed: span?.status.code === "error",
    outlivesParent: false,
    cutCircle: false,
  };
}

/** Gives every node its parent and returns the nodes without one. */
function linkParents(nodes: Node[], byKey: Map<string, Node>): Node[] {
  const roots: Node[] = [];
  const missing = new Map<string, Node>();
  for (const node of nodes) {
    const parentId = node.span?.parent_id ?? null;
    if (parentId === null) {
      roots.push(node);
      continue;
    }
    let parent = byKey.get(parentId) ?? missing.get(parentId);
    if (parent === undefined) {
      parent = leaf(parentId, null, node.start, node.start);
      missing.set(parentId, parent);
      roots.push(parent);
    }
    if (parent === node) {
      node.cutCircle = true;
      roots.push(node);
      continue;
    }
    node.parent = parent;
    parent.children.push(node);
  }
  cutCircles(nodes, roots);
  for (const placeholder of missing.values()) {
    byKey.set(placeholder.key, placeholder);
    placeholder.end = placeholder.children.reduce(
      (end, child) => Math.max(end, child.end ?? child.start),
      placeholder.start,
    );
  }
  return roots.sort((a, b) => a.start - b.start);
}

/** What no root leads to runs in a circle; its earliest span becomes a root. */
function cutCircles(nodes: Node[], roots: Node[]) {
  const reached = new Set<Node>();
  const reach = (from: Node) => {
    const stack = [from];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (reached.has(node)) continue;
      reached.add(node);
      for (const child of node.children) stack.push(child);
    }
  };
  for (const root of roots) reach(root);
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const first = firstOfCircle(node);
    if (first.parent) first.parent.children.splice(first.parent.children.indexOf(first), 1);
    first.parent = null;
    first.cutCircle = true;
    roots.push(first);
    reach(first);
  }
}

/** Goes up from a node that no root reaches until a node comes again: that one is in the circle. */
function firstOfCircle(from: Node): Node {
  const seen = new Set<Node>();
  let node = from;
  while (!seen.has(node) && node.parent) {
    seen.add(node);
    node = node.parent;
  }
  let first = node;
  for (let at = node.parent; at && at !== node; at = at.parent) {
    if (at.start < first.start) first = at;
  }
  return first;
}

function depthFirst(roots: Node[]): Node[] {
  const ordered: Node[] = [];
  const stack = roots.toReversed();
  number(roots);
  for (let node = stack.pop(); node; node = stack.pop()) {
    node.depth = node.parent ? node.parent.depth + 1 : 0;
    ordered.push(node);
    number(node.children);
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i]!);
  }
  return ordered;
}

function number(siblings: Node[]) {
  for (let i = 0; i < siblings.length; i++) {
    siblings[i]!.position = i + 1;
    siblings[i]!.siblings = siblings.length;
  }
}

/** Walks backwards, so that children are ready before their parents. */
function measure(ordered: Node[]) {
  for (let i = ordered.length - 1; i >= 0; i--) {
    const node = ordered[i]!;
    node.self = selfTime(node);
    const { parent } = node;
    if (!parent) continue;
    parent.descendants += node.descendants + 1;
    parent.failed ||= node.failed;
    node.outlivesParent = parent.span !== null && parent.end !== null && (node.end ?? Infinity) > parent.end;
  }
}

/** The span's duration without the time that its children cover, however these overlap. */
export function selfTime(node: Node): Nanoseconds | null {
  if (node.end === null || node.span === null) return null;
  let self = Math.max(0, node.end - node.start);
  let covered = node.start;
  for (const child of node.children) {
    const from = Math.max(child.start, covered);
    const to = Math.min(child.end ?? Infinity, node.end);
    if (to <= from) continue;
    self -= to - from;
    covered = to;
  }
  return self;
}

function totals(nodes: Node[]) {
  let end = 0;
  let errors = 0;
  let open = 0;
  for (const node of nodes) {
    const lost = node.span?.state === "lost" ? (node.announced ?? 0) : 0;
    end = Math.max(end, node.start, node.end ?? 0, lost);
    if (node.span?.status.code === "error") errors++;
    if (node.span?.state === "open") open++;
  }
  return { end, errors, open };
}

/** How long each service was at work itself, the longest first. */
export function selfTimeByService(tree: Tree): { service: string; self: Nanoseconds }[] {
  const sums = new Map<string, Nanoseconds>();
  for (const { span, self } of tree.nodes) {
    if (span) sums.set(span.service, (sums.get(span.service) ?? 0) + (self ?? 0));
  }
  return [...sums].map(([service, self]) => ({ service, self })).sort((a, b) => b.self - a.self);
}

/** Whether the trace has a root although all its roots are placeholders: what is above them is in another trace. */
export function hangsElsewhere(tree: Tree, hasRoot: boolean): boolean {
  return hasRoot && tree.nodes.length > 0 && tree.nodes.every((node) => node.parent !== null || node.span === null);
}

/** The first span of another service than its parent's: where a service was entered. */
export function entersService(node: Node): boolean {
  return node.span !== null && node.parent?.span?.service !== node.span.service;
}
