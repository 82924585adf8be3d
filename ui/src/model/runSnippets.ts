/** Lines that load a run again, ready to be copied. */

import type { App, StepName } from "../api/runs";

export interface LoadSnippet {
  name: string;
  note: string;
  text: string;
}

/** A text as Python writes it: its string literals understand everything that JSON's do. */
export const python = (text: string | null): string => (text === null ? "None" : JSON.stringify(text));

/** A text as one word of a shell. */
export const shell = (text: string): string =>
  /^[\w.:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A command about a step of the run. */
export function commandOf(verb: string, app: App, { sequence, attempt }: StepName): string {
  const { project, app_id, run_id, partition_key } = app;
  // An id that looks like an option would be taken for one.
  const run = app_id.startsWith("-") ? run_id : shell(app_id);
  const partition = partition_key === null ? "" : ` --partition ${shell(partition_key)}`;
  const again = attempt > 0 ? ` --attempt ${attempt}` : "";
  return `trackway ${verb} ${run} --project ${shell(project)}${partition} --at ${sequence}${again}`;
}

/** The command that prints a state as JSON. */
export const stateCommand = (app: App, step: StepName): string => commandOf("state", app, step);

/**
 * What Burr needs to go on from a step under a new id, to go on under the same id, and to look at a state. `kept` is the
 * step whose state is taken over; without one there is nothing to fork from.
 */
export function loadSnippets(app: App, kept: StepName | null, action: string): LoadSnippet[] {
  const { project, app_id, partition_key } = app;
  const names = { project: python(project), app: python(app_id), partition: python(partition_key) };
  const initialise = (more: string[], entrypoint: string) =>
    [
      "    .initialize_from(",
      `        LocalTrackingClient(${names.project}),`,
      "        resume_at_next_action=True,",
      "        default_state={},",
      `        default_entrypoint=${entrypoint},`,
      ...more.map((line) => `        ${line},`),
      "    )",
    ].join("\n");
  const head = [
    "from burr.core import ApplicationBuilder",
    "from burr.tracking import LocalTrackingClient",
    "",
    "app = (",
    "    ApplicationBuilder()",
    "    .with_graph(graph)  # the graph that the run was built with",
  ].join("\n");
  const tracked = `    .with_tracker("local", project=${names.project})`;
  const resume: LoadSnippet = {
    name: "Resume the run",
    note: "The same run goes on from its latest step; a failed action runs again.",
    text: [
      head,
      tracked,
      `    .with_identifiers(app_id=${names.app}, partition_key=${names.partition})`,
      initialise([], python(action)),
      "    .build()",
      ")",
    ].join("\n"),
  };
  if (kept === null) return [resume];
  const { sequence } = kept;
  return [
    {
      name: `Fork from ${sequence}`,
      note: `A new run that goes on after step ${sequence}; this one stays as it is.`,
      text: [
        head,
        tracked,
        `    .with_identifiers(partition_key=${names.partition})  # a new app_id is made`,
        initialise(
          [
            `fork_from_app_id=${names.app}`,
            `fork_from_partition_key=${names.partition}`,
            `fork_from_sequence_id=${sequence}`,
          ],
          python(action),
        ),
        "    .build()",
        ")",
      ].join("\n"),
    },
    resume,
    {
      name: "Load the state only",
      note: `As it was after step ${sequence}, read from where Burr's tracker wrote it.`,
      text: [
        "from burr.tracking import LocalTrackingClient",
        "",
        `loaded = LocalTrackingClient(${names.project}).load(`,
        `    ${names.partition}, ${names.app}, sequence_id=${sequence}`,
        ")",
        'state = loaded["state"]',
      ].join("\n"),
    },
    {
      name: "Print the state",
      note: `As JSON, as it was after step ${sequence}, for whatever reads it.`,
      text: stateCommand(app, kept),
    },
  ];
}
