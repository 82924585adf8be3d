import { expect, test } from "vitest";
import { spanId } from "../../tests/otlp";
import { content, story } from "../../tests/story";
import type { Entry, Story } from "../api/story";
import {
  callOfRow,
  conversation,
  newSince,
  nextFailure,
  rowOfSpan,
  shares,
  speaker,
  storyLines,
  wholeText,
} from "./conversation";

const said = conversation(story);
const drawn = said.rows.map(({ entry, parts, asks, call }) =>
  [
    entry.type,
    speaker(entry).name,
    parts.length > 0 ? `${parts.length} parts` : "",
    asks.length > 0 ? `asks ${asks.join(" ")}` : "",
    call ? `call ${call.index}` : "",
  ]
    .filter(Boolean)
    .join(" | "),
);

test("a story becomes rows: calls under their answers, tools once", () => {
  expect(drawn).toEqual([
    "message | instructions | 1 parts",
    "message | user | 1 parts",
    "message | Triage agent | 1 parts | call 1",
    "guardrail | no_secrets",
    "handoff | handoff",
    "fold | model",
    "message | Billing agent | 1 parts | asks get_invoice get_customer | call 2",
    "tool | tool",
    "tool | tool",
    "tool | tool",
    "work | custom",
    "fold | model",
    "message | Billing agent | 1 parts | call 3",
    "guardrail | polite",
    "error | summary",
    "missing | model | call 4",
    "tool | tool",
  ]);
});

test("the line of a call without words stands before the tools that it calls", () => {
  const entries = [1, 9, 10, 8].flatMap((at) => story.entries[at] ?? []);
  const told = conversation({ ...story, entries });
  expect(told.rows.map(({ entry, asks, call }) => [entry.type, ...asks, call?.index ?? "-"].join(" "))).toEqual([
    "message -",
    "call get_invoice get_invoice 2",
    "tool -",
    "tool -",
  ]);
  expect(told.rowOfEntry).toEqual([0, 2, 3, 1]);
});

test("a row keeps its key when the story grows before and after it", () => {
  const grown: Story = { ...story, entries: [...story.entries, ...story.entries.slice(-1)] };
  expect(
    conversation(grown)
      .rows.slice(0, said.rows.length)
      .map(({ key }) => key),
  ).toEqual(said.rows.map(({ key }) => key));
  expect(new Set(conversation(grown).rows.map(({ key }) => key)).size).toBe(said.rows.length + 1);
});

test("a message whose parts are all told in pairs is not told again", () => {
  const result: Entry = {
    type: "message",
    call: 3,
    span_id: spanId(11),
    role: "tool",
    agent: null,
    parts: [{ type: "tool_result", id: "call_46", name: null, result: "x" }],
    is_output: false,
    text_bytes: null,
    cut: false,
  };
  expect(conversation({ ...story, entries: [...story.entries, result] }).rows).toHaveLength(said.rows.length);
});

test("a span is found at its answer, at its own line, or where its first words are", () => {
  const at = (n: number) => drawn[rowOfSpan(said, story.nodes, spanId(n))];
  expect(at(11)).toBe("message | Billing agent | 1 parts | call 3");
  expect(at(12)).toBe("guardrail | polite");
  expect(at(5)).toBe("fold | model");
  expect(at(99)).toBeUndefined();
});

test("a row belongs to its own call, or to the one before it", () => {
  const calls = said.rows.map((_, at) => callOfRow(said.rows, at, story.calls)?.index ?? null);
  expect(calls).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]);
  expect(callOfRow(said.rows, -1, story.calls)).toBeNull();
});

test("a tool that has not begun belongs to the call that asks for it", () => {
  expect(said.rows.at(-1)?.span).toBe(spanId(14));
  expect(drawn[rowOfSpan(said, story.nodes, spanId(14))]).toBe("missing | model | call 4");
});

test("lines are called by what was at work, whatever the client called its spans", () => {
  const nodes = story.nodes.map((node) => ({ ...node, title: `a span: '${node.title}'` }));
  const names = storyLines({ ...story, nodes }).map(
    ({ name, attempt }) => `${name}${attempt > 1 ? ` #${attempt}` : ""}`,
  );
  expect(names).toEqual([
    "Triage agent",
    "no_secrets",
    "gpt-4.1-2025-04-14",
    "to Billing agent",
    "Billing agent",
    "gpt-4.1-2025-04-14",
    "get_invoice",
    "get_invoice #2",
    "get_customer",
    "a span: 'db.query'",
    "gpt-4.1-2025-04-14",
    "polite",
    "a span: 'summary'",
    "a span: 'response'",
  ]);
});

test("failures follow each other around", () => {
  const first = nextFailure(said.rows, -1);
  const second = nextFailure(said.rows, first);
  expect([drawn[first], drawn[second], nextFailure(said.rows, second)]).toEqual([
    "tool | tool",
    "error | summary",
    first,
  ]);
});

test("a fold says what came new with its call", () => {
  const fold = { type: "fold", call: 1, span_id: "", count: 1, same_as: 1 } as const;
  expect(newSince(story.entries, fold)).toBe(2);
});

test("a bar is of what was cached, fresh and answered", () => {
  const of = (input: number | null, cached: number | null, output: number | null, total: number | null) =>
    shares({
      ...story.calls[0]!.usage!,
      input_tokens: input,
      cache_read_tokens: cached,
      output_tokens: output,
      total_tokens: total,
    });
  expect(of(100, 40, 10, 110)).toEqual({ cached: 40, fresh: 60, out: 10, total: 110 });
  expect(of(100, null, null, null)).toEqual({ cached: 0, fresh: 100, out: 0, total: 100 });
  expect(of(null, null, null, 7)).toEqual({ cached: 0, fresh: 7, out: 0, total: 7 });
  expect(of(null, null, null, null)).toBeNull();
  expect(shares(null)).toBeNull();
});

test("the whole of a cut text is found by its beginning, on its own side first", () => {
  const message = (role: string, text: string) => ({
    role,
    name: null,
    parts: [{ type: "text" as const, text }],
    finish_reason: null,
  });
  const long = "long ".repeat(5000);
  const held = { ...content, input: [message("user", `${long}asked`)], output: [message("assistant", `${long}said`)] };
  expect(wholeText(held, long.slice(0, 16_000), "input")).toBe(`${long}asked`);
  expect(wholeText(held, long.slice(0, 16_000), "output")).toBe(`${long}said`);
  expect(wholeText(held, "other", "output")).toBeNull();
});
