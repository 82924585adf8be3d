/** Arguments and results of tools as they read best. */

import { type JsonPiece, prettyJson } from "./json";

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
