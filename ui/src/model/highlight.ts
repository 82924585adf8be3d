/** Just enough colour for the snippets: comments, texts, and the words of the languages they are in. */

export type Tone = "comment" | "text" | "word" | "plain";

export interface Piece {
  tone: Tone;
  text: string;
}

const PIECES =
  /(?<comment>(?:^|(?<=\s))#[^[\n].*|\/\/ .*)|(?<text>"(?:[^"\\\n]|\\.)*")|(?<word>^export\b|\b(?:use|fn|let|mut|from|import|with|as|const|new|await|class|def|return|if|else|for|in)\b)/gm;

export function highlight(code: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of code.matchAll(PIECES)) {
    if (match.index > end) pieces.push({ tone: "plain", text: code.slice(end, match.index) });
    const tone: Tone = match.groups?.comment ? "comment" : match.groups?.text ? "text" : "word";
    pieces.push({ tone, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < code.length) pieces.push({ tone: "plain", text: code.slice(end) });
  return pieces;
}
