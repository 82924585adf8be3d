import { expect, test } from "vitest";
import type { Attribute } from "../api/types";
import { valueText } from "./value";

test("values read as they were recorded", () => {
  expect(valueText({ type: "int", value: "9223372036854775807" })).toBe("9223372036854775807");
  expect(valueText({ type: "double", value: "NaN" })).toBe("NaN");
  expect(valueText({ type: "empty", value: null })).toBe("empty");
  expect(
    valueText({
      type: "array",
      value: [
        { type: "string", value: "a" },
        { type: "bool", value: true },
      ],
    }),
  ).toBe('["a",true]');
});

test("a key named __proto__ is a key like any other", () => {
  const inner: Attribute = { key: "__proto__", type: "string", value: "x" };
  expect(valueText({ type: "map", value: [inner] })).toBe('{"__proto__":"x"}');
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
