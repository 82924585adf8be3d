/** Every key there is, for the sheet and the status bar. */

export type Hint = [pressed: string, does: string];
export type KeyGroupName = "Anywhere" | "First page" | "List" | "Trace" | "Conversation" | "Group" | "Run";

export const KEY_GROUPS: { name: KeyGroupName; keys: Hint[] }[] = [
  {
    name: "Anywhere",
    keys: [
      ["Ctrl K", "jump to or do…"],
      ["#", "jump to an id"],
      ["g t", "traces"],
      ["g s", "system"],
      ["t", "theme"],
      ["?", "this sheet"],
    ],
  },
  {
    name: "First page",
    keys: [
      ["1 – 8", "snippet"],
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
    name: "Group",
    keys: [
      ["j k", "next, previous trace"],
      ["↵", "read its conversation"],
      ["y", "copy the id"],
      ["Esc", "let go, back"],
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
      ["v", "to the conversation"],
      ["y", "copy the id"],
      ["Esc", "clear, close, back"],
    ],
  },
  {
    name: "Run",
    keys: [
      ["← →", "previous, next step (k j)"],
      ["Home End", "first, last step"],
      ["Space", "play, pause"],
      ["e", "next error"],
      ["d", "what changed against another step"],
      ["f", "fork, load again"],
      ["g", "graph"],
      ["n", "now: go on to new steps"],
      ["↵", "the step in the trace"],
      ["Esc", "let go, back"],
    ],
  },
  {
    name: "Conversation",
    keys: [
      ["j k", "next, previous message"],
      ["↑ ↓", "previous, next in the story"],
      ["u", "unfold, fold"],
      ["m", "Markdown, JSON, plain text"],
      ["e", "next error"],
      ["↵", "the span in the trace"],
      ["v", "to the trace"],
      ["y", "copy the id"],
      ["Esc", "let go, back"],
    ],
  },
];

export const HINTS: Record<"first" | "list" | "trace" | "conversation" | "group" | "run" | "other", Hint[]> = {
  first: [
    ["1 – 8", "snippet"],
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
    ["v", "conversation"],
    ["?", "all keys"],
  ],
  run: [
    ["← →", "step"],
    ["Space", "play"],
    ["d", "diff"],
    ["e", "next error"],
    ["g", "graph"],
    ["↵", "trace"],
    ["?", "all keys"],
  ],
  conversation: [
    ["j k", "message"],
    ["u", "unfold"],
    ["e", "next error"],
    ["↵", "open the span"],
    ["v", "back to the trace"],
    ["?", "all keys"],
  ],
  group: [
    ["j k", "move"],
    ["↵", "read"],
    ["Esc", "back"],
    ["?", "all keys"],
  ],
  other: [["?", "all keys"]],
};
