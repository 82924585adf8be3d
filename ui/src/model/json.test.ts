import { expect, test } from "vitest";
import { prettyJson } from "./json";

const text = (json: string) =>
  prettyJson(json)
    ?.map((piece) => piece.text)
    .join("") ?? null;

test("objects and arrays are indented, and what is in them stays as it was written", () => {
  expect(text('{"id":12345678901234567890,"a,\\"b":[1.50, true,{}],"":[]}')).toBe(
    '{\n  "id": 12345678901234567890,\n  "a,\\"b": [\n    1.50,\n    true,\n    {}\n  ],\n  "": []\n}',
  );
});

test("keys, texts, numbers and words have tones", () => {
  expect(prettyJson('{"a":"b","c":[-1,null]}')?.filter(({ tone }) => tone !== "plain")).toEqual([
    { tone: "key", text: '"a"' },
    { tone: "text", text: '"b"' },
    { tone: "key", text: '"c"' },
    { tone: "number", text: "-1" },
    { tone: "word", text: "null" },
  ]);
});

test("what is no object or array is left alone", () => {
  for (const other of ["{'name': 'ACME'}", "plain", '"text"', "12", '{"a":', ""]) expect(prettyJson(other)).toBeNull();
});
