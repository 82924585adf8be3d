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
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const SHORT: { [character: string]: string } = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text as Rust writes it. */
export function rust(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&");
  const seen = escaped.replace(UNSEEN, (one) => SHORT[one] ?? `\\u{${one.charCodeAt(0).toString(16)}}`);
  return `"${seen}"`;
}

/** JSON as a literal of Rust without escapes; JSON has its own for what the compiler refuses. */
function raw(json: string): string {
  const seen = json.replace(TURNING, (one) => `\\u${one.charCodeAt(0).toString(16)}`);
  const longest = Math.max(0, ...(seen.match(/"#*/g) ?? []).map((end) => end.length));
  const fence = "#".repeat(longest);
  return `r${fence}"${seen}"${fence}`;
}

/** Goes on from a step or from where it stopped, or looks at a state; `kept` is whose state is taken over. */
export function rustSnippets(app: App, kept: AnyAttempt | null): LoadSnippet[] {
  const { project, app_id, partition_key } = app;
  const names = `${rust(project)}, ${rust(app_id)}`;
  const inPartition = partition_key !== null;
  const wanted = [
    "use trackway_machine::{At, Loader, Wanted, tracker::Directory};",
    "",
    `let run = Wanted::new(${names}).in_partition(${rust(partition_key ?? "")});`,
  ].join("\n");
  const made = (way: string, ...more: string[]) =>
    inPartition
      ? `${wanted}\nlet mut app = graph.${way}_from(${["&Directory::default()", "&run", ...more].join(", ")})?.build()?;`
      : `let mut app = graph.${way}(${[names, ...more].join(", ")})?.build()?;`;
  const resume: LoadSnippet = {
    name: "Resume the run",
    note: "The same run goes on from its latest step; a failed action runs again. The graph is the run's own.",
    text: made("resume"),
  };
  if (kept === null) return [resume];
  const { sequence } = kept;
  const isStart = sequence < 0;
  const place = isStart ? "start" : `${sequence}`;
  const when = isStart ? "before the first step" : `after step ${sequence}`;
  const fork: LoadSnippet = {
    name: `Fork from ${place}`,
    note: `A new run that goes on from the state ${when}; this one stays as it is. A .set(field, value) before .build() changes the state.`,
    text: made("fork", `${sequence}`),
  };
  const load: LoadSnippet = {
    name: "Load the state only",
    note: `As it was ${when}, and what comes next there.`,
    text: inPartition
      ? `${wanted}\nlet saved = Directory::default().load(&run, At::Step(${sequence}))?;`
      : `let (state, next) = trackway_machine::load_state(${names}, ${sequence})?;`,
  };
  if (isStart) return [fork, load];
  const print: LoadSnippet = {
    name: "Print the state",
    note: `As JSON, as it was ${when}, for whatever reads it.`,
    text: stateCommand(app, { sequence, attempt: kept.attempt ?? 0 }),
  };
  return [fork, resume, load, print];
}

/** A step as a test: the case, where it is kept, and what reads it. */
export interface StepTest {
  /** Where the case is kept, in the crate of the action. */
  path: string;
  /** The Rust test, which reads the case from there. */
  program: string;
  /** The Rust test with the case, as JSON, in it. */
  whole: (json: string) => string;
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
  const testing = (found: string) =>
    [
      "use trackway_machine::testing::Case;",
      "",
      "#[test]",
      `fn ${name}_as_in_step_${sequence}${again}() -> Result<(), Box<dyn std::error::Error>> {`,
      `    ${found}?.check(${name})?;`,
      "    Ok(())",
      "}",
      "",
    ].join("\n");
  const program = testing(`Case::read(${rust(path)})`);
  const whole = (json: string) => testing(`Case::parse(${raw(json)})`);
  return { path, program, whole, command: `${commandOf("test-case", app, { sequence, attempt })} --out ${path}` };
}
