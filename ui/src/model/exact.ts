/** Recorded JSON with every number as it was written: a browser's own are exact up to 2^53 only. */

interface ExactJson {
  parse: (text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown) => unknown;
  rawJSON?: (source: string) => object;
  isRawJSON?: (value: unknown) => boolean;
}

const json = JSON as unknown as ExactJson;

/** Reads JSON. A number that a browser would change becomes an object that is written as the number was. */
export function exact<T>(text: string): T {
  const { rawJSON } = json;
  if (rawJSON === undefined) return JSON.parse(text);
  return json.parse(text, (_, value, context) =>
    typeof value === "number" && context?.source !== undefined && changes(value, context.source)
      ? rawJSON(context.source)
      : value,
  ) as T;
}

const changes = (value: number, source: string): boolean =>
  source.length > 15 && String(value) !== source && JSON.stringify(value) !== source;

/** Whether this stands for a number that a browser cannot hold. */
export const isExactNumber = (value: unknown): boolean => json.isRawJSON?.(value) ?? false;
