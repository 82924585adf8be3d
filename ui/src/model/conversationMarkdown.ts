/** Recorded Markdown as a tree that can only be shown: no markup of its own, no pictures, no links but to the web. */

import { lexer, type Token, type Tokens } from "marked";

export type Inline =
  | { type: "text"; text: string }
  | { type: "code"; text: string }
  | { type: "strong" | "em" | "del"; inside: Inline[] }
  | { type: "link"; href: string; inside: Inline[] }
  /** A picture that is told of and not fetched. */
  | { type: "image"; alt: string; source: string }
  | { type: "break" };

export type Block =
  | { type: "paragraph"; inside: Inline[] }
  | { type: "heading"; depth: number; inside: Inline[] }
  | { type: "code"; language: string; text: string }
  | { type: "quote"; blocks: Block[] }
  | { type: "list"; start: number | null; items: { done: boolean | null; blocks: Block[] }[] }
  | { type: "table"; head: Cell[]; rows: Cell[][] }
  | { type: "rule" };

export interface Cell {
  align: "left" | "right" | "center";
  inside: Inline[];
}

/** What is longer is read as plain text: some texts take the reader of Markdown a time that grows with their square. */
export const LONGEST_MARKDOWN = 40_000;

const DEEPEST = 24;

/** Null when the text is too long or too deep to be read as Markdown. */
export function markdown(text: string): Block[] | null {
  if (text.length > LONGEST_MARKDOWN) return null;
  try {
    return blocksOf(lexer(text, { gfm: true, breaks: true }), 0);
  } catch (error) {
    if (error instanceof RangeError) return null; // nested deeper than the stack
    throw error;
  }
}

function blocksOf(tokens: Token[], depth: number): Block[] {
  if (depth > DEEPEST) return [{ type: "paragraph", inside: [literal(tokens.map(({ raw }) => raw).join(""))] }];
  return tokens.flatMap((token) => blockOf(token, depth) ?? []);
}

function blockOf(token: Token, depth: number): Block | null {
  switch (token.type) {
    case "space":
    case "def":
    case "checkbox":
      return null;
    case "heading":
      return { type: "heading", depth: (token as Tokens.Heading).depth, inside: inside(token, depth) };
    case "code": {
      const { lang = "", text } = token as Tokens.Code;
      return { type: "code", language: lang, text };
    }
    case "blockquote":
      return { type: "quote", blocks: blocksOf(token.tokens ?? [], depth + 1) };
    case "list":
      return listOf(token as Tokens.List, depth);
    case "table": {
      const { header, rows } = token as Tokens.Table;
      return { type: "table", head: cells(header, depth), rows: rows.map((row) => cells(row, depth)) };
    }
    case "hr":
      return { type: "rule" };
    default:
      return { type: "paragraph", inside: inside(token, depth) };
  }
}

function listOf({ ordered, start, items }: Tokens.List, depth: number): Block {
  return {
    type: "list",
    start: ordered ? start || 1 : null,
    items: items.map((item) => ({
      done: item.task ? item.checked === true : null,
      blocks: blocksOf(item.tokens, depth + 1),
    })),
  };
}

function cells(of: Tokens.TableCell[], depth: number): Cell[] {
  return of.map(({ align, tokens }) => ({ align: align ?? "left", inside: inlinesOf(tokens, depth + 1) }));
}

/** What a block says; the text of one without parts, as written: an HTML block is text like any other. */
function inside(token: Token, depth: number): Inline[] {
  const parts = "tokens" in token ? token.tokens : undefined;
  return parts ? inlinesOf(parts, depth + 1) : [literal(token.type === "html" ? token.raw.trimEnd() : textOf(token))];
}

function inlinesOf(tokens: Token[], depth: number): Inline[] {
  if (depth > DEEPEST) return [literal(tokens.map(({ raw }) => raw).join(""))];
  return tokens.flatMap((token) => inlineOf(token, depth));
}

function inlineOf(token: Token, depth: number): Inline | Inline[] {
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return { type: token.type, inside: inside(token, depth) };
    case "codespan":
      return { type: "code", text: textOf(token) };
    case "br":
      return { type: "break" };
    case "link": {
      const href = webAddress((token as Tokens.Link).href);
      return href === null ? literal(token.raw) : { type: "link", href, inside: inside(token, depth) };
    }
    case "image": {
      const { text, href } = token as Tokens.Image;
      return { type: "image", alt: text, source: href };
    }
    case "html":
      return literal(token.raw);
    case "text":
      return "tokens" in token && token.tokens
        ? inside(token, depth)
        : { type: "text", text: characters(textOf(token)) };
    default:
      return literal(textOf(token));
  }
}

const literal = (text: string): Inline => ({ type: "text", text });
const textOf = (token: Token): string => ("text" in token && typeof token.text === "string" ? token.text : token.raw);

/** The address where following it can only open a page or a letter; null for `javascript:` and its like. */
export function webAddress(href: string): string | null {
  try {
    const url = new URL(href);
    return ["https:", "http:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null; // Relative addresses would lead into this site.
  }
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** Writes out the references to characters that people use in Markdown. */
function characters(text: string): string {
  return text.replace(
    /&(amp|lt|gt|quot|apos|nbsp|#39);/g,
    (all, name: string) => NAMED[name] ?? (name === "#39" ? "'" : all),
  );
}
