import type { HandoffEntry } from "../../api/story";
import { line } from "../../model/format";
import { Icon } from "../Icon";
import "./HandoffRule.css";

/** Where one agent gives the conversation to another. */
export function HandoffRule({ entry: { from, to } }: { entry: HandoffEntry }) {
  return (
    <div className="handoff">
      <Icon name="handoff" />
      <b className="el">{line(from ?? "an agent")}</b>
      <span className="d">hands over to</span>
      <b className="el">{to === null ? "nobody yet" : line(to)}</b>
    </div>
  );
}
