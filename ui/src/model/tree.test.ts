import { describe, expect, test } from "vitest";
import type { TreeSpan } from "../api/types";
import { buildTree, hangsElsewhere, type Tree } from "./tree";
import { shownEnd } from "./waterfall";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace("Z", "000000Z");

/** A span of whole seconds. */
function span(
  id: string,
  parent: string | null,
  start: number,
  lasts: number | null,
  more: Partial<TreeSpan> = {},
): TreeSpan {
  return {
    span_id: id,
    parent_id: parent,
    name: id,
    kind: "internal",
    category: "function",
    service: "shop",
    start: at(start),
    duration_ns: lasts === null ? null : lasts * 1e9,
    state: lasts === null ? "open" : "finished",
    announced: null,
    status: { code: "unset", message: "" },
    attribute_count: 0,
    event_count: 0,
    link_count: 0,
    data: null,
    ...more,
  };
}

/** The tree as text, one row a node: key, self seconds, marks. */
function drawn(tree: Tree): string {
  return tree.nodes
    .map((node) => {
      const self = node.self === null ? "" : ` ${node.self / 1e9}s`;
      const marks = [
        node.span === null && "missing",
        node.outlivesParent && "outlives",
        node.cutCircle && "circle",
        node.failed && "failed",
      ].filter(Boolean);
      return `${"  ".repeat(node.depth)}${node.key}${self}${marks.length ? ` (${marks.join(", ")})` : ""}`;
    })
    .join("\n");
}

describe("buildTree", () => {
  test("puts children under their parents in order of start", () => {
    const tree = buildTree([span("c", "a", 4, 1), span("a", null, 0, 10), span("b", "a", 1, 2), span("d", "b", 1, 1)]);
    expect(drawn(tree)).toBe("a 7s\n  b 1s\n    d 1s\n  c 1s");
    expect(tree.end).toBe(10e9);
    expect(tree.nodes[0]?.descendants).toBe(3);
  });

  test("a lost span reaches to its last announcement, and one that runs to now", () => {
    const lost = buildTree([span("a", null, 0, null, { state: "lost", announced: at(20) }), span("b", "a", 1, 2)]);
    expect(lost.end).toBe(20e9);
    expect(shownEnd(lost.nodes[0]!, 90e9, 3e9)).toBe(20e9);
    const running = buildTree([span("a", null, 0, null, { announced: at(20) })]);
    expect(running.end).toBe(0);
    expect(shownEnd(running.nodes[0]!, 90e9, 3e9)).toBe(90e9);
  });

  test("subtracts overlapping children once", () => {
    const tree = buildTree([span("a", null, 0, 10), span("b", "a", 1, 4), span("c", "a", 2, 2), span("d", "a", 4, 3)]);
    expect(tree.byKey.get("a")?.self).toBe(4e9);
  });

  test("gives children of one missing parent one placeholder", () => {
    const tree = buildTree([span("b", "gone", 1, 2), span("c", "gone", 2, 4), span("a", null, 0, 9)]);
    expect(drawn(tree)).toBe("a 9s\ngone (missing)\n  b 2s\n  c 4s");
    expect(tree.byKey.get("gone")).toMatchObject({ start: 1e9, end: 6e9 });
  });

  test("a trace whose root is known although no span of it is one hangs below another trace", () => {
    const orphans = buildTree([span("b", "gone", 1, 2)]);
    expect([hangsElsewhere(orphans, true), hangsElsewhere(orphans, false)]).toEqual([true, false]);
    expect(hangsElsewhere(buildTree([span("a", null, 0, 9), span("b", "gone", 1, 2)]), true)).toBe(false);
    expect(hangsElsewhere(buildTree([]), true)).toBe(false);
  });

  test("shows every span with an id that was used twice", () => {
    const tree = buildTree([span("a", null, 0, 3), span("a", null, 1, 1), span("b", "a", 2, 1), span("a", "a", 2, 1)]);
    expect(drawn(tree)).toBe("a 2s\n  b 1s\n  a~3 1s\na~2 1s");
  });

  test("cuts a circle where it starts first and loses no span", () => {
    const tree = buildTree([span("b", "c", 1, 1), span("c", "a", 2, 1), span("a", "b", 0, 9), span("d", "c", 3, 1)]);
    expect(drawn(tree)).toBe("a 8s (circle)\n  c 1s\n    b 1s\n    d 1s (outlives)");
  });

  test("cuts a span that is its own parent", () => {
    expect(drawn(buildTree([span("a", "a", 0, 1)]))).toBe("a 1s (circle)");
  });

  test("marks failures upwards and children that outlive their parent", () => {
    const failed = { status: { code: "error" as const, message: "no" } };
    const tree = buildTree([span("a", null, 0, 5), span("b", "a", 1, 9, failed), span("c", "a", 2, null)]);
    expect(drawn(tree)).toBe("a 1s (failed)\n  b 9s (outlives, failed)\n  c (outlives)");
    expect(tree).toMatchObject({ errors: 1, open: 1 });
  });

  test("keeps a span that ends before it starts", () => {
    const tree = buildTree([span("a", null, 0, -3)]);
    expect(tree.nodes[0]).toMatchObject({ start: 0, end: -3e9, self: 0 });
  });

  test("takes a chain of ten thousand without recursion", () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => span(`s${i}`, i === 0 ? null : `s${i - 1}`, i, 1));
    const tree = buildTree(chain.reverse());
    expect(tree.nodes.at(-1)).toMatchObject({ key: "s9999", depth: 9999 });
  });

  test("keeps nanoseconds that a float of seconds since 1970 would lose", () => {
    const tree = buildTree([
      span("a", null, 0, 1, { start: "2026-01-01T00:00:00.000000001Z" }),
      span("b", "a", 0, 1, { start: "2026-01-01T00:00:00.000000008Z" }),
    ]);
    expect(tree.byKey.get("b")?.start).toBe(7);
  });

  test("is not confused by ids that are names of Object's own", () => {
    expect(drawn(buildTree([span("__proto__", null, 0, 2), span("constructor", "__proto__", 1, 1)]))).toBe(
      "__proto__ 1s\n  constructor 1s",
    );
  });
});
