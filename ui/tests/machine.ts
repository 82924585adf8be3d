/** A run of a state machine in Rust as its tracker tells of it: choices, a state set by hand, and spans with ordinals. */

const START = Date.parse("2026-11-21T14:29:51.000Z");
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

const at = (ms: number) => new Date(START + ms).toISOString();
const id = (n: number) => n.toString(16).padStart(16, "0");
const text = (key: string, value: string) => ({ key, type: "string", value });

const action = (name: string, reads: string[], writes: string[]) => ({
  name,
  reads,
  writes,
  inputs: name === "ask" ? ["prompt"] : [],
  optional_inputs: [],
  tags: [],
  code: `#[action(reads = ${JSON.stringify(reads)}, writes = ${JSON.stringify(writes)})]\nfn ${name}(state: State) -> State { .. }`,
});

const way = (from: string, to: string, condition = "default") => ({ from, to, condition });

const graph = {
  entrypoint: "ask",
  actions: [
    action("ask", [], ["question"]),
    action("check", ["question"], ["safe"]),
    action("answer", ["question"], ["answer"]),
    action("refuse", ["question"], ["answer"]),
  ],
  transitions: [
    way("ask", "check"),
    way("check", "refuse", "!safe"),
    way("check", "answer", "safe"),
    way("check", "ask"),
    way("answer", "ask", "unclear"),
  ],
};

const tried = (to: string, condition: string, held: boolean) => ({ to, condition, held });

function span(n: number, parent: number | null, name: string, from: number, to: number, ordinal?: string, on?: string) {
  const dependencies = { key: "trackway.span.dependencies", type: "array", value: [{ type: "string", value: on }] };
  return {
    type: "span",
    trace_id: TRACE,
    span_id: id(n),
    ...(parent === null ? {} : { parent_id: id(parent) }),
    name,
    project: "demo",
    start: at(from),
    end: at(to),
    attributes: [
      ...(ordinal === undefined ? [] : [text("trackway.span.ordinal", ordinal)]),
      ...(on === undefined ? [] : [dependencies]),
    ],
  };
}

const FIRST = { customer: { name: "Ann", tier: "silver" }, limit: 3 };
const ASKED = { ...FIRST, question: "Where is my parcel?" };
const CHECKED = { ...ASKED, safe: true };
const EDITED = { ...CHECKED, customer: { name: "Ann", tier: "gold" }, limit: 5 };

function step(sequence: number, attempt: number, name: string, from: number, to: number, more: object, inputs = {}) {
  const key = { sequence, attempt, action: name };
  const place = { trace_id: TRACE, span_id: id(sequence * 16 + attempt + 1) };
  return [
    { type: "begin", ...key, time: at(from), inputs, span: place },
    span(sequence * 16 + attempt + 1, null, name, from, to),
    { type: "end", ...key, time: at(to), ...more },
  ];
}

/** The third step fails, is tried again after its state was edited, and ends the machine. */
export const conversation: object[] = [
  { type: "app", graph, created: at(0) },
  { type: "state", next: "ask", state: FIRST, time: at(0) },
  ...step(
    0,
    0,
    "ask",
    1,
    6,
    { result: {}, state: ASKED, next: "check", tried: [tried("check", "default", true)] },
    { prompt: "Where is my parcel?" },
  ),
  ...step(1, 0, "check", 7, 420, {
    result: {},
    state: CHECKED,
    next: "answer",
    tried: [tried("refuse", "!safe", false), tried("answer", "safe", true)],
  }),
  span(0x101, 0x11, "classify", 10, 300, "1:0"),
  span(0x102, 0x101, "load", 12, 90, "1:0.0"),
  span(0x103, 0x101, "judge", 95, 290, "1:0.1", "1:0.0"),
  ...step(2, 0, "answer", 425, 2425, { error: "the model did not answer in 2 s", state: CHECKED }),
  { type: "state", after: { sequence: 2, attempt: 0 }, next: "answer", state: EDITED, time: at(60_000) },
  ...step(2, 1, "answer", 60_010, 61_250, {
    result: { tokens: 512 },
    state: { ...EDITED, answer: "It comes tomorrow." },
    tried: [tried("ask", "unclear", false)],
  }),
];

/** A run that stopped because a condition could not be evaluated. */
export const stuck: object[] = [
  { type: "app", graph, created: at(0) },
  { type: "begin", sequence: 0, attempt: 0, action: "check", time: at(0) },
  {
    type: "end",
    sequence: 0,
    attempt: 0,
    action: "check",
    time: at(9),
    result: {},
    state: { question: "hi" },
    tried: [{ to: "refuse", condition: "!safe", error: "the state has no field safe" }],
  },
];
