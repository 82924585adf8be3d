import { useState } from "react";
import { tracePath } from "../model/address";
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

const ID = /^(?:0x)?([0-9a-f]{16}|[0-9a-f]{32})$/i;

export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const theme = useThemeChoice();
  const typed = text.replace(/^#/, "").trim();
  const id = ID.exec(typed)?.[1]?.toLowerCase().padStart(32, "0");

  const pages: Command[] = [
    { icon: "trace", name: "Traces", note: "page", run: () => navigate(listAddress()) },
    { icon: "terminal", name: "System", note: "page", run: () => navigate("/system") },
    { icon: "theme", name: "Switch the theme", note: `now ${theme}`, run: nextTheme },
    { icon: "keyboard", name: "All keys", note: "sheet", run: onKeys },
  ];
  const commands = id
    ? [{ icon: "trace" as const, name: `Trace ${id}`, note: "open", run: () => navigate(tracePath(id)) }]
    : pages.filter(({ name }) => name.toLowerCase().includes(typed.toLowerCase()));
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
          placeholder="A trace id, a page, or what to do"
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
            <span>{command.name}</span>
            <span className="d sm">{command.note}</span>
          </button>
        ))}
        {commands.length === 0 && (
          <p className="palette-none d">
            Nothing is called that, and it is no trace id: these have 32 hexadecimal digits.
          </p>
        )}
      </div>
    </Dialog>
  );
}
