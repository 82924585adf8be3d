import { expect, test } from "vitest";
import { importCommand, reading, watchCommand } from "./burr";

test("commands name the directory so that a shell takes it as it is", () => {
  expect(importCommand("/home/ada/.burr")).toBe("trackway import /home/ada/.burr");
  expect(watchCommand("/home/ada's files/.burr")).toBe(`trackway serve --watch '/home/ada'\\''s files/.burr'`);
  expect(importCommand("/home/$(id)/.burr")).toBe("trackway import '/home/$(id)/.burr'");
});

test("what was read of a directory is told in words", () => {
  const told = (state: "waiting" | "reading" | "watching", applications: number, read: number) =>
    reading({ state, applications, read });
  expect(told("waiting", 0, 0)).toBe("It is not there yet, and is read as soon as it is.");
  expect(told("reading", 0, 0)).toBe("Looking for applications…");
  expect(told("reading", 1200, 412)).toBe("412 of 1,200 applications read");
  expect(told("watching", 0, 0)).toBe("No application in it yet.");
  expect(told("watching", 2, 1)).toBe("1 of 2 applications read");
  expect(told("watching", 1, 1)).toBe("1 application, all read");
});
