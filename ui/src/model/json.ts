/** Recorded JSON for the eye: indented and in tones, every number and text as it was written. */

export type JsonTone = "key" | "text" | "number" | "word" | "plain";

export interface JsonPiece {
  tone: JsonTone;
  text: string;
}

/** Longer texts are shown as they came: nobody reads them, and browsers lay out all they are given. */
const LONGEST = 100_000;

const TOKENS = /"(?:[^"\\]|\\.)*"|[-+.\w]+|[{}[\]:,]/g;

/** The pieces of an object or array; null for any other text. */
export function prettyJson(text: string): JsonPiece[] | null {
  if (text.length > LONGEST || !isComposite(text)) return null;
  const tokens = text.match(TOKENS) ?? [];
  const pieces: JsonPiece[] = [];
  let depth = 0;
  const breakLine = () => `\n${"  ".repeat(depth)}`;
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1];
    if (token === "{" || token === "[") {
      const closes = next === "}" || next === "]";
      if (!closes) depth++;
      pieces.push(plain(closes ? token : token + breakLine()));
    } else if (token === "}" || token === "]") {
      const isEmpty = tokens[i - 1] === "{" || tokens[i - 1] === "[";
      if (!isEmpty) depth--;
      pieces.push(plain(isEmpty ? token : breakLine() + token));
    } else if (token === ",") pieces.push(plain(`,${breakLine()}`));
    else if (token === ":") pieces.push(plain(": "));
    else pieces.push({ tone: toneOf(token, next), text: token });
  }
  return pieces;
}

/** Whether the text is an object or an array. The parsed value is of no use: it has no large numbers and no order of keys. */
function isComposite(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const plain = (text: string): JsonPiece => ({ tone: "plain", text });

function toneOf(token: string, next: string | undefined): JsonTone {
  if (token.startsWith('"')) return next === ":" ? "key" : "text";
  return /^[-\d]/.test(token) ? "number" : "word";
}
