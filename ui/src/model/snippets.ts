/** Programs that send a first span; tests run the very same files. */

import content from "../snippets/agents-content.py?raw";
import burrShell from "../snippets/burr.sh?raw";
import burrPython from "../snippets/burr-counter.py?raw";
import curl from "../snippets/curl.sh?raw";
import environment from "../snippets/environment.sh?raw";
import machine from "../snippets/machine/main.rs?raw";
import machineCargo from "../snippets/machine/shell.sh?raw";
import agentsJavaScript from "../snippets/openai-agents.mjs?raw";
import agentsPython from "../snippets/openai-agents.py?raw";
import client from "../snippets/openai-client.py?raw";
import openInference from "../snippets/openinference-agents.py?raw";
import python from "../snippets/python.py?raw";
import rust from "../snippets/rust/main.rs?raw";
import cargo from "../snippets/rust/shell.sh?raw";

export interface Snippet {
  name: string;
  parts: { file: string; text: string }[];
  /** The part that is a program; the first where that is not said. */
  main?: number;
}

const SNIPPETS: Snippet[] = [
  {
    name: "OpenTelemetry",
    parts: [
      { file: "environment of any program with an OpenTelemetry SDK", text: environment },
      { file: "or from nothing: hello.py", text: python },
    ],
    main: 1,
  },
  {
    name: "OpenAI Agents SDK",
    parts: [
      { file: "Python: hello.py, with the SDK's own exporter", text: agentsPython },
      { file: "JavaScript: hello.mjs, with the SDK's own exporter", text: agentsJavaScript },
      { file: "Python: what was asked and answered as well, in the place of lines 3 to 6 there", text: content },
    ],
  },
  {
    name: "OpenInference",
    parts: [{ file: "OpenInference over OTLP, for the Agents SDK: hello.py, and what was said", text: openInference }],
  },
  {
    name: "OpenAI client",
    parts: [{ file: "OpenAI's client with OpenTelemetry: hello.py", text: client }],
  },
  {
    name: "Rust",
    parts: [
      { file: "shell", text: cargo },
      { file: "src/main.rs, and then cargo run", text: rust },
    ],
    main: 1,
  },
  { name: "curl", parts: [{ file: "shell", text: curl }] },
  {
    name: "Burr",
    parts: [
      { file: "shell: what Burr's tracker writes, as it is", text: burrShell },
      { file: "a program that it is written by: counter.py", text: burrPython },
    ],
  },
  {
    name: "State machine",
    parts: [
      { file: "shell", text: machineCargo },
      { file: "Rust: src/main.rs, and then cargo run; every step is kept, and shown here", text: machine },
    ],
    main: 1,
  },
];

export function snippetsFor(endpoint: string): Snippet[] {
  return SNIPPETS.map((snippet) => ({
    ...snippet,
    parts: snippet.parts.map(({ file, text }) => ({ file, text: text.replaceAll("{{endpoint}}", endpoint).trimEnd() })),
  }));
}
