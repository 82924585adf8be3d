/** Arguments and results of tools as they read best. */

import { type JsonPiece, prettyJson } from "./json";

/** JSON as it reads best: an object by its members, short lists on a line each; null for any other text. */
export function laidOut(text: string): JsonPiece[] | null {
  const pieces = memberPieces(text) ?? prettyJson(text);
  return pieces && compact(pieces);
}

/** An object as `key: value` lines, as deep values are indented; null for anything else. */
export function memberPieces(text: string): JsonPiece[] | null {
  const pieces = prettyJson(text);
  if (pieces?.[0]?.text !== "{\n  ") return null;
  let isTop = true;
  return pieces.slice(1, -1).map((piece) => {
    if (piece.tone === "key" && isTop) return { tone: "key", text: bare(piece.text) };
    const lineEnd = piece.text.indexOf("\n");
    if (lineEnd < 0) return piece;
    const indent = piece.text.length - lineEnd - 1 - closings(piece.text);
    isTop = indent === 2;
    const before = isTop ? piece.text.slice(0, lineEnd).replace(",", "") : piece.text.slice(0, lineEnd);
    return { tone: piece.tone, text: `${before}\n${piece.text.slice(lineEnd + 3)}` };
  });
}

const closings = (text: string) => (/[\]}]$/.test(text) ? 1 : 0);

/** A key without its quotes where it is a plain word. */
function bare(key: string): string {
  return /^"[\p{L}_$][\p{L}\d_$.-]*"$/u.test(key) ? key.slice(1, -1) : key;
}

/** Lists of plain values that are no longer than this stay on a line. */
const LINE = 56;

/** The pieces with short lists and objects on one line each. */
export function compact(pieces: JsonPiece[]): JsonPiece[] {
  const out: JsonPiece[] = [];
  for (let at = 0; at < pieces.length; at++) {
    const short = onOneLine(pieces, at);
    if (short) {
      out.push(...short);
      at += short.length - 1;
    } else {
      const piece = pieces[at];
      if (piece) out.push(piece);
    }
  }
  return out;
}

/** The list that opens there, as one line; null where none does, or it is long or holds others. */
function onOneLine(pieces: JsonPiece[], at: number): JsonPiece[] | null {
  const open = /^([[{])\n/.exec(pieces[at]?.text ?? "")?.[1];
  if (!open) return null;
  const pad = open === "{" ? " " : "";
  const line: JsonPiece[] = [{ tone: "plain", text: open + pad }];
  let width = 0;
  for (const { tone, text } of pieces.slice(at + 1)) {
    if (/^[[{]/.test(text) && tone === "plain") return null;
    const isEnd = text.startsWith("\n");
    line.push({ tone, text: isEnd ? pad + text.trim() : text.replace(/\n */, " ") });
    width += text.length;
    if (width > LINE) return null;
    if (isEnd) return line;
  }
  return null;
}
