/** Every key there is, for the sheet and the status bar. */

export type Hint = [pressed: string, does: string];
export type KeyGroupName = "Anywhere" | "First page" | "List" | "Trace";

export const KEY_GROUPS: { name: KeyGroupName; keys: Hint[] }[] = [
  {
    name: "Anywhere",
    keys: [
      ["Ctrl K", "jump to or do…"],
      ["#", "jump to a trace id"],
      ["g t", "traces"],
      ["g s", "system"],
      ["t", "theme"],
      ["?", "this sheet"],
    ],
  },
  {
    name: "First page",
    keys: [
      ["1 2 3", "snippet"],
      ["y", "copy it"],
      ["d", "load the demo"],
    ],
  },
  {
    name: "List",
    keys: [
      ["j k", "next, previous row"],
      ["↵", "open"],
      ["/", "filter by name"],
      ["l", "live on, off; follow"],
      ["y", "copy the id"],
      ["Esc", "let go of the row"],
    ],
  },
  {
    name: "Trace",
    keys: [
      ["↑ ↓", "previous, next span (k j)"],
      ["← →", "fold, unfold"],
      ["[ ]", "unfold, fold all"],
      ["↵", "to the details"],
      ["/", "find"],
      ["f b", "next, previous match (n N)"],
      ["e", "next error"],
      ["+ -", "zoom in, out"],
      ["0", "whole trace"],
      ["a d", "pan"],
      ["y", "copy the id"],
      ["Esc", "clear, close, back"],
    ],
  },
];

export const HINTS: Record<"first" | "list" | "trace" | "other", Hint[]> = {
  first: [
    ["1 2 3", "snippet"],
    ["y", "copy"],
    ["d", "load demo"],
    ["?", "all keys"],
  ],
  list: [
    ["j k", "move"],
    ["↵", "open"],
    ["/", "filter"],
    ["l", "live"],
    ["?", "all keys"],
  ],
  trace: [
    ["↑ ↓", "move"],
    ["← →", "fold"],
    ["/", "find"],
    ["e", "next error"],
    ["+ -", "zoom"],
    ["a d", "pan"],
    ["?", "all keys"],
  ],
  other: [["?", "all keys"]],
};
