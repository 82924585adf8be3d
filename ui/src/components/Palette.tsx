import { useState } from "react";
import { groupPath, NO_FILTERS, originalPath, ownId, parametersOf, tracePath } from "../model/address";
import { line } from "../model/format";
import { Dialog } from "./Dialog";
import { Icon, type IconName } from "./Icon";
import { listAddress, navigate } from "./navigation";
import { nextTheme, useThemeChoice } from "./theme";
import "./Palette.css";

interface Command {
  icon: IconName;
  name: string;
  note: string;
  run: () => void;
}

/** Hexadecimal digits that are an id and not the start of a word. */
const HEX = /^(?:0x)?([0-9a-f]{16}|[0-9a-f]{32})$/i;

function toTrace(id: string): Command {
  return { icon: "trace", name: `Trace ${id}`, note: "open", run: () => navigate(tracePath(id)) };
}

/** Clients give traces and groups ids of their own: any text may be one. */
function byName(text: string): Command[] {
  return [
    { icon: "trace", name: `Trace ${line(text)}`, note: "by its client's id", run: () => navigate(originalPath(text)) },
    { icon: "thread", name: `Group ${line(text)}`, note: "all its traces", run: () => navigate(groupPath(text)) },
    {
      icon: "run",
      name: `Runs and traces called ${line(text)}`,
      note: "in the list",
      run: () => navigate(`/?${parametersOf({ ...NO_FILTERS, name: text })}`),
    },
  ];
}

export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const theme = useThemeChoice();
  const typed = text.replace(/^#/, "").trim();
  const id = HEX.test(typed) || typed.startsWith("trace_") ? ownId(typed) : null;

  const pages: Command[] = [
    { icon: "trace", name: "Traces", note: "page", run: () => navigate(listAddress()) },
    { icon: "terminal", name: "System", note: "page", run: () => navigate("/system") },
    { icon: "note", name: "How to send traces", note: "page", run: () => navigate("/start") },
    { icon: "theme", name: "Switch the theme", note: `now ${theme}`, run: nextTheme },
    { icon: "keyboard", name: "All keys", note: "sheet", run: onKeys },
  ];
  const found = pages.filter(({ name }) => name.toLowerCase().includes(typed.toLowerCase()));
  const commands = id ? [toTrace(id)] : typed === "" ? pages : [...found, ...byName(typed)];
  const chosen = Math.min(at, commands.length - 1);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };

  return (
    <Dialog label="Jump to or do" className="palette" onClose={onClose}>
      <div className="palette-input">
        <Icon name="search" />
        <input
          autoFocus
          value={text}
          placeholder="The id of a trace or group, a page, or what to do"
          aria-label="Jump to or do"
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (step !== 0) {
              event.preventDefault();
              setAt(Math.max(0, Math.min(commands.length - 1, chosen + step)));
            } else if (event.key === "Enter") {
              event.preventDefault();
              run(commands[chosen]);
            }
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <div className="palette-list">
        {commands.map((command, i) => (
          <button
            type="button"
            key={command.name}
            className={i === chosen ? "palette-row on" : "palette-row"}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} />
            <span className="el">{command.name}</span>
            <span className="d sm">{command.note}</span>
          </button>
        ))}
      </div>
    </Dialog>
  );
}
