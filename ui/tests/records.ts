import { expect } from "./fixture";
import type { Server } from "./server";

/** Tells the server of a run, in its own records; `app` may have a query with a partition. */
export async function record(server: Server, app: string, ...lines: object[]) {
  const response = await fetch(`${server.url}/api/v1/projects/demo/apps/${app.replace(/(\?.*)?$/, "/records$1")}`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  expect(await response.json()).toMatchObject({ rejected: [] });
}

export const begin = (sequence: number, action: string, more: object = {}) => ({
  type: "begin",
  sequence,
  action,
  time: new Date(Date.now()).toISOString(),
  ...more,
});

export const end = (sequence: number, action: string, state: object, more: object = {}) => ({
  type: "end",
  sequence,
  action,
  time: new Date(Date.now()).toISOString(),
  result: {},
  state,
  ...more,
});
