/** Lines of Rust that load a run again or take one of its steps as a test, ready to be copied. */

import type { AnyAttempt, App, AppDetail, Step } from "../api/runs";
import { commandOf, type LoadSnippet, stateCommand } from "./runSnippets";

export type Language = "rust" | "python";

const PYTHON = /^\s*(?:@\w|(?:async )?def )/m;
const RUST = /\bfn \w+/;

/** The language that a run's program is written in, where the run tells. */
export function languageOf({ graph, placements }: AppDetail): Language | null {
  const sources = graph?.actions.flatMap(({ code }) => (code === null ? [] : [code])) ?? [];
  if (sources.some((code) => PYTHON.test(code))) return "python";
  return sources.some((code) => RUST.test(code)) || placements.length > 0 ? "rust" : null;
}

/** Control characters, and those that change the direction of a text: the compiler refuses the latter as they are. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const SHORT: { [character: string]: string } = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text as Rust writes it. */
export function rust(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&");
  const seen = escaped.replace(UNSEEN, (one) => SHORT[one] ?? `\\u{${one.charCodeAt(0).toString(16)}}`);
  return `"${seen}"`;
}

/** Goes on from a step or from where it stopped, or looks at a state; `kept` is whose state is taken over. */
export function rustSnippets(app: App, kept: AnyAttempt | null): LoadSnippet[] {
  const names = `${rust(app.project)}, ${rust(app.app_id)}`;
  const partition = app.partition_key === null ? "" : `.partition(${rust(app.partition_key)})`;
  const resume: LoadSnippet = {
    name: "Resume the run",
    note: "The same run goes on from its latest step; a failed action runs again. The graph is the run's own.",
    text: `let mut app = graph.resume(${names})?${partition}.build()?;`,
  };
  if (kept === null) return [resume];
  const { sequence } = kept;
  const fork = `let mut app = graph.fork(${names}, ${sequence})?${partition}`;
  if (sequence < 0) {
    return [
      {
        name: "Fork from start",
        note: "A new run that begins with the state before the first step; this one stays as it is.",
        text: `${fork}.build()?;`,
      },
    ];
  }
  return [
    {
      name: `Fork from ${sequence}`,
      note: `A new run that goes on after step ${sequence}; this one stays as it is. A .set(field, value) before .build() changes the state.`,
      text: `${fork}.build()?;`,
    },
    resume,
    {
      name: "Print the state",
      note: `As JSON, as it was after step ${sequence}, for whatever reads it.`,
      text: stateCommand(app, { sequence, attempt: kept.attempt ?? 0 }),
    },
  ];
}

/** A step as a test: the case, where it is kept, and what reads it. */
export interface StepTest {
  /** Where the case is kept, in the crate of the action. */
  path: string;
  /** The Rust test. */
  program: string;
  /** The command that writes the case. */
  command: string;
}

const KEYWORDS = new Set(
  (
    "abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in " +
    "let loop macro match mod move mut override priv pub ref return self Self static struct super trait true try type " +
    "typeof unsafe unsized use virtual where while yield"
  ).split(" "),
);

/** A name as an identifier of Rust: what none may hold becomes `_`. */
function identifier(name: string): string {
  const plain = name.replace(/\W+/g, "_").replace(/^(?=\d)|^$/, "_");
  return KEYWORDS.has(plain) ? `${plain}_` : plain;
}

export function stepTest(app: App, { action, sequence, attempt }: Step): StepTest {
  const name = identifier(action);
  const again = attempt > 0 ? `_${attempt}` : "";
  const path = `tests/cases/${name}-${sequence}${again.replace("_", "-")}.json`;
  const program = [
    "use trackway_machine::testing::Case;",
    "",
    "#[test]",
    `fn ${name}_as_in_step_${sequence}${again}() -> Result<(), Box<dyn std::error::Error>> {`,
    `    Case::read(${rust(path)})?.check(${name})?;`,
    "    Ok(())",
    "}",
  ].join("\n");
  return { path, program, command: `${commandOf("test-case", app, { sequence, attempt })} --out ${path}` };
}
