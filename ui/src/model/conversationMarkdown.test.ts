import { expect, test } from "vitest";
import { type Block, type Inline, markdown } from "./conversationMarkdown";

/** The tree on one line for each block. */
function drawn(blocks: Block[] | null): string {
  return blocks?.map(drawBlock).join("\n") ?? "null";
}

function drawBlock(block: Block): string {
  switch (block.type) {
    case "paragraph":
      return `p ${draw(block.inside)}`;
    case "heading":
      return `h${block.depth} ${draw(block.inside)}`;
    case "code":
      return `code ${block.language}: ${block.text}`;
    case "quote":
      return `quote(${drawn(block.blocks)})`;
    case "list":
      return `list ${block.start ?? "-"} ${block.items.map(({ done, blocks }) => `${done ?? ""}(${drawn(blocks)})`).join(" ")}`;
    case "table":
      return `table ${[block.head, ...block.rows].map((row) => row.map(({ align, inside }) => `${align} ${draw(inside)}`).join(" | ")).join(" / ")}`;
    case "rule":
      return "rule";
  }
}

function draw(inlines: Inline[]): string {
  return inlines
    .map((inline) => {
      if (inline.type === "text") return inline.text;
      if (inline.type === "code") return `\`${inline.text}\``;
      if (inline.type === "break") return "⏎";
      if (inline.type === "image") return `image(${inline.alt}, ${inline.source})`;
      if (inline.type === "link") return `link(${inline.href}, ${draw(inline.inside)})`;
      return `${inline.type}(${draw(inline.inside)})`;
    })
    .join("");
}

test("what models write becomes blocks", () => {
  const text = [
    "# Refund **now**",
    "",
    "one",
    "two `code` ~~gone~~ *so* a &amp; b",
    "",
    "1. first",
    "   - inner",
    "",
    "- [x] done",
    "",
    "> said",
    "",
    "| a | b |",
    "|---|--:|",
    "| 1 | 2 |",
    "",
    "```json",
    '{"a": "&amp;"}',
    "```",
    "---",
  ].join("\n");
  expect(drawn(markdown(text))).toBe(
    [
      "h1 Refund strong(now)",
      "p one⏎two `code` del(gone) em(so) a & b",
      "list 1 (p first\nlist - (p inner))",
      "list - true(p done)",
      "quote(p said)",
      "table left a | right b / left 1 | right 2",
      'code json: {"a": "&amp;"}',
      "rule",
    ].join("\n"),
  );
});

test("markup in a text stays text", () => {
  expect(drawn(markdown("<img src=x onerror=alert(1)>"))).toBe("p <img src=x onerror=alert(1)>");
  expect(drawn(markdown("a <b>c</b>"))).toBe("p a <b>c</b>");
  expect(drawn(markdown("<script>\nalert(1)\n</script>"))).toBe("p <script>\nalert(1)\n</script>");
});

test("links lead to the web only, and pictures nowhere", () => {
  expect(drawn(markdown("[k](https://a.test/x)"))).toBe("p link(https://a.test/x, k)");
  expect(drawn(markdown("https://a.test and me@a.test"))).toBe(
    "p link(https://a.test/, https://a.test) and link(mailto:me@a.test, me@a.test)",
  );
  for (const href of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/api/v1/projects",
    "//a.test",
    "vbscript:x",
  ]) {
    expect(drawn(markdown(`[k](${href})`))).toBe(`p [k](${href})`);
  }
  expect(drawn(markdown("[k](&#106;avascript:alert(1))"))).not.toContain("link(");
  expect(drawn(markdown("![alt](https://a.test/x.png)"))).toBe("p image(alt, https://a.test/x.png)");
});

test("what would take long or reach too deep is left to plain text", () => {
  expect(markdown("a".repeat(40_001))).toBeNull();
  expect(markdown("> ".repeat(9000))).toBeNull();
  expect(drawn(markdown(`${"> ".repeat(100)}deep`))).toContain("deep");
  expect(drawn(markdown("*".repeat(4000)))).not.toBe("null");
});
