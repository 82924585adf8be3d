/** Recorded values as text. */

import type { Attribute, Value } from "../api/types";

/** Beyond this many characters a value is folded. */
export const LONG = 400;

/** The value on one line; what is inside arrays and maps is written like JSON. */
export function valueText(value: Value): string {
  switch (value.type) {
    case "string":
    case "int":
      return value.value;
    case "bool":
    case "double":
      return String(value.value);
    case "bytes":
      return `base64 ${value.value}`;
    case "empty":
      return "empty";
    default:
      return JSON.stringify(plain(value));
  }
}

/** The value for `JSON.stringify`. Maps become objects without a prototype, since a key may be `__proto__`. */
export function plain(value: Value): unknown {
  switch (value.type) {
    case "array":
      return value.value.map(plain);
    case "map":
      return plainMap(value.value);
    default:
      return value.value;
  }
}

export function plainMap(attributes: Attribute[]): unknown {
  const map: Record<string, unknown> = Object.create(null);
  for (const attribute of attributes) map[attribute.key] = plain(attribute);
  return map;
}

/** How many bytes the value's text has. */
export function textBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

export function attribute(attributes: Attribute[], key: string): string | null {
  const found = attributes.find((candidate) => candidate.key === key);
  return found ? valueText(found) : null;
}
