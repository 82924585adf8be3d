import type { Block, Cell, Inline } from "../../model/conversationMarkdown";
import { highlight } from "../../model/highlight";
import "./Markdown.css";

/** Markdown that was read before; nothing of it is fetched, and its links say where they lead. */
export function Markdown({ blocks }: { blocks: Block[] }) {
  return (
    <div className="markdown">
      <Blocks blocks={blocks} />
    </div>
  );
}

function Blocks({ blocks }: { blocks: Block[] }) {
  return blocks.map((block, i) => <BlockView key={i} block={block} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.type) {
    case "paragraph":
      return (
        <p>
          <Inlines inside={block.inside} />
        </p>
      );
    case "heading":
      return (
        <p className={`markdown-h${Math.min(block.depth, 3)}`}>
          <Inlines inside={block.inside} />
        </p>
      );
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a pointer
        <pre tabIndex={0}>
          {highlight(block.text).map((piece, i) => (
            <span key={i} className={`code-${piece.tone}`}>
              {piece.text}
            </span>
          ))}
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list":
      return <List block={block} />;
    case "table":
      return (
        <div className="markdown-table">
          <table>
            <thead>
              <TableRow cells={block.head} as="th" />
            </thead>
            <tbody>
              {block.rows.map((cells, i) => (
                <TableRow key={i} cells={cells} as="td" />
              ))}
            </tbody>
          </table>
        </div>
      );
    case "rule":
      return <hr />;
  }
}

function List({ block: { start, items } }: { block: Extract<Block, { type: "list" }> }) {
  const lines = items.map(({ done, blocks }, i) => (
    <li key={i} className={done === null ? undefined : "markdown-task"}>
      {done !== null && <span className="d">{done ? "☑ " : "☐ "}</span>}
      <Blocks blocks={blocks} />
    </li>
  ));
  return start === null ? <ul>{lines}</ul> : <ol start={start}>{lines}</ol>;
}

function TableRow({ cells, as: As }: { cells: Cell[]; as: "th" | "td" }) {
  return (
    <tr>
      {cells.map(({ align, inside }, i) => (
        <As key={i} style={{ textAlign: align }}>
          <Inlines inside={inside} />
        </As>
      ))}
    </tr>
  );
}

function Inlines({ inside }: { inside: Inline[] }) {
  return inside.map((inline, i) => <InlineView key={i} inline={inline} />);
}

function InlineView({ inline }: { inline: Inline }) {
  switch (inline.type) {
    case "text":
      return inline.text;
    case "code":
      return <code>{inline.text}</code>;
    case "break":
      return <br />;
    case "strong":
    case "em":
    case "del": {
      const As = inline.type;
      return (
        <As>
          <Inlines inside={inline.inside} />
        </As>
      );
    }
    case "link":
      return (
        <a className="link" href={inline.href} title={inline.href} target="_blank" rel="noopener noreferrer nofollow">
          <Inlines inside={inline.inside} />
        </a>
      );
    case "image":
      return (
        <span className="markdown-image" title={inline.source}>
          picture, not fetched{inline.alt && `: ${inline.alt}`}
        </span>
      );
  }
}
