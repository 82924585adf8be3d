import { KEY_GROUPS, type KeyGroupName } from "../model/keys";
import { Dialog } from "./Dialog";
import { Keys } from "./Keys";
import "./KeySheet.css";

interface KeySheetProps {
  here: KeyGroupName | null;
  onClose: () => void;
}

export function KeySheet({ here, onClose }: KeySheetProps) {
  return (
    <Dialog label="Keys" className="keysheet" onClose={onClose}>
      <div className="row keysheet-head">
        <h2>Keys</h2>
        <span className="grow" />
        <button type="button" className="btn quiet" onClick={onClose}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <div className="keysheet-groups">
        {KEY_GROUPS.map(({ name, keys }) => (
          <section key={name}>
            <h3 className="eyebrow">
              {name}
              {name === here && <span className="d"> · you are here</span>}
            </h3>
            {keys.map(([pressed, does]) => (
              <div key={pressed} className="keysheet-key">
                <Keys pressed={pressed} />
                <span className="m">{does}</span>
              </div>
            ))}
          </section>
        ))}
      </div>
    </Dialog>
  );
}
