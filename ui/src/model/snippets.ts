/** Programs that send a first span; tests run the very same files. */

import curl from "../snippets/curl.sh?raw";
import environment from "../snippets/environment.sh?raw";
import python from "../snippets/python.py?raw";
import rust from "../snippets/rust/main.rs?raw";
import cargo from "../snippets/rust/shell.sh?raw";

export interface Snippet {
  name: string;
  parts: { file: string; text: string }[];
}

const SNIPPETS: Snippet[] = [
  {
    name: "Any OpenTelemetry SDK",
    parts: [
      { file: "environment of any program", text: environment },
      { file: "or from nothing: hello.py", text: python },
    ],
  },
  {
    name: "Rust",
    parts: [
      { file: "shell", text: cargo },
      { file: "src/main.rs, and then cargo run", text: rust },
    ],
  },
  { name: "curl", parts: [{ file: "shell", text: curl }] },
];

export function snippetsFor(endpoint: string): Snippet[] {
  return SNIPPETS.map(({ name, parts }) => ({
    name,
    parts: parts.map(({ file, text }) => ({ file, text: text.replaceAll("{{endpoint}}", endpoint).trimEnd() })),
  }));
}
