import { expect, test } from "vitest";
import type { Json } from "../api/runs";
import { changesBetween, counts, cutBytes, cutInBoth, differing, diffLines, preview, traceback } from "./runState";

const shown = (lines: ReturnType<typeof diffLines>) =>
  lines.map(({ sign, key, path, value, appended }) =>
    [sign, key + path, JSON.stringify(value), appended].filter((part) => part !== null).join(" "),
  );

test("a changed field is told as what went and what came, in the place of the field", () => {
  const after = { a: 1, b: [1, 2, 3], c: { d: 2 } };
  const lines = diffLines(after, [
    { key: "a", op: "replace", before: 0, after: 1 },
    { key: "b", op: "append", after: [3], at: 2 },
    { key: "c", path: ["d"], op: "replace", before: 1, after: 2 },
    { key: "gone", op: "remove", before: "x" },
  ]);
  expect(shown(lines)).toEqual([
    "remove a 0",
    "add a 1",
    "add b [3] 2",
    "remove c.d 1",
    "add c.d 2",
    'remove gone "x"',
  ]);
  expect(counts(lines)).toEqual({ added: 3, removed: 3 });
});

test("two states that nobody compared are compared here", () => {
  const before = { a: 1, b: [1, 2], c: { d: 1, e: 1 }, gone: "x", same: { f: [null] } };
  const after = { same: { f: [null] }, a: 2, b: [1, 2, 3], c: { d: 2, e: 1 }, came: null };
  expect(changesBetween(before, after)).toEqual([
    { key: "a", op: "replace", before: 1, after: 2 },
    { key: "b", op: "append", after: [3], at: 2 },
    { key: "c", path: ["d"], op: "replace", before: 1, after: 2 },
    { key: "came", op: "add", after: null },
    { key: "gone", op: "remove", before: "x" },
  ]);
  const cut = (bytes: number) => ({ $cut: true, bytes });
  expect(cutInBoth({ a: cut(70_000), b: cut(70_000), c: 1 }, { a: cut(70_000), b: cut(70_001), c: 1 })).toEqual(["a"]);
});

test("fields that did not change stay", () => {
  expect(shown(diffLines({ a: 1, b: null }, []))).toEqual(["same a 1", "same b null"]);
  expect(shown(diffLines("whole", []))).toEqual(['same  "whole"']);
});

test("long values are told in short", () => {
  expect(preview([1, 2])).toBe("[1, 2]");
  expect(preview({ a: ",: " })).toBe('{"a": ",: "}');
  expect(preview(Array.from({ length: 40 }, () => "word"))).toBe("[ … 40 items ]");
  expect(preview({ first: "x".repeat(80), second: 1 })).toBe("{ first: …, 1 more }");
  expect(preview("x".repeat(80), 10)).toBe(`"${"x".repeat(9)}…`);
  const cut: Json = { $cut: true, bytes: 184_000 };
  expect(cutBytes(cut)).toBe(184_000);
  expect(preview(cut)).toBe("184 kB");
  expect(cutBytes({ $cut: "by hand", bytes: 1 })).toBeNull();
});

test("what differs between two short texts is marked", () => {
  expect(differing("attempts: 10", "attempts: 11")).toEqual(["attempts: 1", "0", ""]);
  expect(differing("aa", "aaa")).toEqual(["aa", "", ""]);
});

const TRACEBACK = `Traceback (most recent call last):
  File "/srv/app/inner.py", line 3, in load
    return files[name]
           ~~~~~^^^^^^
KeyError: 'a'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/lib/application.py", line 976, in _step
    result = run(
             ^^^^
  File "/srv/app/actions.py", line 12, in boom
    raise errors.Missing("no file a\\n  really")
app.errors.Missing: no file a
  really
`;

test("a traceback is read from its deepest frame", () => {
  expect(traceback(TRACEBACK)).toEqual({
    type: "Missing",
    message: "no file a\n  really",
    causes: ["KeyError: 'a'"],
    frames: [
      { file: "/srv/app/actions.py", line: 12, where: "boom", code: 'raise errors.Missing("no file a\\n  really")' },
      { file: "/srv/lib/application.py", line: 976, where: "_step", code: "result = run(" },
    ],
  });
  expect(traceback("it just failed")).toBeNull();
});
