import type { Row } from "../../model/conversation";
import { LONGEST_MARKDOWN } from "../../model/conversationMarkdown";
import { prettyJson } from "../../model/json";

/** How a recorded text can be read. */
export type TextFormat = "markdown" | "json" | "plain";

export const FORMAT_NAMES: Record<TextFormat, string> = { markdown: "Markdown", json: "JSON", plain: "Plain" };

/** The formats in which the text can be read, the best one first. */
export function textFormats(text: string): TextFormat[] {
  if (prettyJson(text) !== null) return ["json", "plain"];
  return text.length > LONGEST_MARKDOWN ? ["plain"] : ["markdown", "plain"];
}

/** What the row's texts can be read in; the best of the first text is taken for all. */
export function formatsOf({ entry, parts }: Row): TextFormat[] {
  switch (entry.type) {
    case "message": {
      const first = parts.find((part) => part.type === "text");
      return first?.type === "text" ? textFormats(first.text) : [];
    }
    case "tool":
    case "work":
      return [entry.arguments, entry.result].some((text) => text !== null && prettyJson(text) !== null)
        ? ["json", "plain"]
        : [];
    default:
      return [];
  }
}
