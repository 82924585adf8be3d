import { expect, test } from "vitest";
import { serviceColour, traceColours } from "./colours";

test("the four busiest services of a trace have the first four colours, each its own", () => {
  const colours = traceColours(["a", "b", "c", "d", "e", "f"]);
  expect(["a", "b", "c", "d"].map((name) => colours.get(name)).sort()).toEqual(["c1", "c2", "c3", "c4"]);
  for (const name of ["e", "f"]) expect(["c5", "c6", "c7"]).toContain(colours.get(name));
});

test("a trace with one service shows it in a colour that everybody can tell apart", () => {
  for (const name of ["gateway", "refunds", "__proto__", ""]) {
    expect(["c1", "c2", "c3", "c4"]).toContain(traceColours([name]).get(name));
    expect(serviceColour(name)).toMatch(/^c[1-7]$/);
  }
});
