import type { ErrorEntry } from "../../api/story";
import { Icon } from "../Icon";
import { LongText } from "../LongText";
import "./ErrorLine.css";

/** A failure; quieter where the work went on after it. */
export function ErrorLine({ entry: { message, survived } }: { entry: ErrorEntry }) {
  return (
    <div className={survived ? "errorline survived" : "errorline"}>
      <Icon name="cross" small />
      <div>
        <LongText text={message || "failed, without a message"} />
        {survived && <p className="xs d">the work went on</p>}
      </div>
    </div>
  );
}
