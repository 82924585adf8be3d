import { expect, test } from "vitest";
import { compact, memberPieces } from "./conversationJson";

const text = (json: string) =>
  memberPieces(json)
    ?.map((piece) => piece.text)
    .join("") ?? null;

test("an object is read as lines of a key and a value", () => {
  expect(text('{"order_id":"A-1182","timeout_ms":5000,"odd key":true}')).toBe(
    'order_id: "A-1182"\ntimeout_ms: 5000\n"odd key": true',
  );
});

test("what is deeper keeps its marks", () => {
  expect(text('{"deep":{"list":[{"a":1},[]],"b":2},"next":[1,2]}')).toBe(
    'deep: {\n  "list": [\n    {\n      "a": 1\n    },\n    []\n  ],\n  "b": 2\n}\nnext: [\n  1,\n  2\n]',
  );
});

test("short lists stay on a line", () => {
  const told = compact(memberPieces(`{"a":[1,2],"b":[{"id":"x"},{"id":"y"}],"long":["${"z".repeat(60)}"]}`) ?? []);
  expect(told.map((piece) => piece.text).join("")).toBe(
    `a: [1, 2]\nb: [\n  { "id": "x" },\n  { "id": "y" }\n]\nlong: [\n  "${"z".repeat(60)}"\n]`,
  );
});

test("anything but an object is left to others", () => {
  for (const other of ["[1]", "{}", "{'a': 1}", "plain", ""]) expect(text(other)).toBeNull();
});
