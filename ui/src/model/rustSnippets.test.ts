import { expect, test } from "vitest";
import type { App, AppDetail, Step } from "../api/runs";
import { languageOf, rust, rustSnippets, stepTest } from "./rustSnippets";

const app = { project: 'the "desk"', app_id: "ticket\\1", partition_key: null } as App;
const texts = (...of: Parameters<typeof rustSnippets>) =>
  rustSnippets(...of).map(({ name, text }) => `${name}: ${text}`);

test("names are written so that Rust reads them", () => {
  expect(rust('a "b" \\ c\n\u0000\u202e é {}')).toBe(String.raw`"a \"b\" \\ c\n\u{0}\u{202e} é {}"`);
});

test("a fork names the step whose state is kept, and a resumed run itself", () => {
  expect(texts(app, { sequence: 3, attempt: 0 })).toEqual([
    String.raw`Fork from 3: let mut app = graph.fork("the \"desk\"", "ticket\\1", 3)?.build()?;`,
    String.raw`Resume the run: let mut app = graph.resume("the \"desk\"", "ticket\\1")?.build()?;`,
    String.raw`Load the state only: let (state, next) = trackway_machine::load_state("the \"desk\"", "ticket\\1", 3)?;`,
    String.raw`Print the state: trackway state 'ticket\1' --project 'the "desk"' --at 3`,
  ]);
  expect(texts(app, null)).toHaveLength(1);
  expect(texts(app, { sequence: -1, attempt: null })).toEqual([
    String.raw`Fork from start: let mut app = graph.fork("the \"desk\"", "ticket\\1", -1)?.build()?;`,
    String.raw`Load the state only: let (state, next) = trackway_machine::load_state("the \"desk\"", "ticket\\1", -1)?;`,
  ]);
});

test("a run in a partition is named with it", () => {
  const [fork, resume, load] = rustSnippets(
    { ...app, app_id: "chat", partition_key: "user-7" },
    { sequence: 3, attempt: 0 },
  );
  expect(fork?.text).toContain(String.raw`let run = Wanted::new("the \"desk\"", "chat").in_partition("user-7");`);
  expect(fork?.text).toContain("graph.fork_from(&Directory::default(), &run, 3)?.build()?;");
  expect(resume?.text).toContain("graph.resume_from(&Directory::default(), &run)?.build()?;");
  expect(load?.text).toContain("Directory::default().load(&run, At::Step(3))?;");
});

test("a step becomes a test of its action", () => {
  const { path, program, command } = stepTest(app, { action: "look up", sequence: 3, attempt: 1 } as Step);
  expect(path).toBe("tests/cases/look_up-3-1.json");
  expect(program).toContain("fn look_up_as_in_step_3_1()");
  expect(program).toContain('Case::read("tests/cases/look_up-3-1.json")?.check(look_up)?;');
  expect(command).toBe(
    String.raw`trackway test-case 'ticket\1' --project 'the "desk"' --at 3 --attempt 1 --out tests/cases/look_up-3-1.json`,
  );
  expect(stepTest(app, { action: "plan", sequence: 3, attempt: 0 } as Step).whole('{"a":"#\u202e"}')).toContain(
    String.raw`Case::parse(r##"{"a":"#\u202e"}"##)?.check(plan)?;`,
  );
  expect(stepTest(app, { action: "match", sequence: 0, attempt: 0 } as Step).program).toContain(
    "fn match__as_in_step_0",
  );
  expect(stepTest(app, { action: "2nd", sequence: 0, attempt: 0 } as Step).program).toContain(".check(_2nd)");
});

test("a run tells its language by its sources, or by what only ours tells", () => {
  const of = (code: string | null, placements: AppDetail["placements"] = []) =>
    languageOf({ graph: { actions: [{ code }] }, placements } as AppDetail);
  expect(of("@action(reads=[])\ndef ask(state): ...")).toBe("python");
  expect(of("#[action]\nasync fn ask(state: State) -> State { state }")).toBe("rust");
  expect(of(null)).toBeNull();
  expect(of(null, [{ after: null, next: null, time: "" }])).toBe("rust");
});
