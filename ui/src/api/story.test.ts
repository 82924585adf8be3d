import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Schema {
  properties?: Record<string, { enum?: string[] }>;
  allOf?: Schema[];
  oneOf?: Schema[];
  $ref?: string;
}

const document = JSON.parse(readFileSync("../docs/openapi.json", "utf8"));
const schemas: Record<string, Schema> = document.components.schemas;
const source = readFileSync("src/api/story.ts", "utf8");

/** What the server sends, wherever its schema says so. */
function sent(schema: Schema | undefined): Record<string, { enum?: string[] }> {
  const referred = schema?.$ref ? sent(schemas[schema.$ref.split("/").at(-1) ?? ""]) : {};
  return Object.assign({ ...referred, ...schema?.properties }, ...(schema?.allOf ?? []).map(sent));
}

for (const [, name = "", body = ""] of source.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)) {
  test(`${name} of a story has the properties that the server sends`, () => {
    const type = body.match(/^ {2}type: "(\w+)";/m)?.[1];
    const schema = type
      ? schemas.StoryEntry?.oneOf?.find((entry) => sent(entry).type?.enum?.includes(type))
      : schemas[name];
    const properties = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, property]) => property as string);
    expect(properties.sort()).toEqual(Object.keys(sent(schema)).sort());
  });
}

test("every kind of entry that the server may send is known here", () => {
  const kinds = (schemas.StoryEntry?.oneOf ?? []).flatMap((entry) => sent(entry).type?.enum ?? []);
  const known = [...source.matchAll(/^ {2}type: "(\w+)";/gm)].map(([, kind]) => kind as string);
  expect(known.sort()).toEqual(kinds.sort());
});
