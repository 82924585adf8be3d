import "./ConversationSkeleton.css";

const WIDTHS = [62, 84, 40, 71, 55];

/** Stands where the conversation will be. */
export function ConversationSkeleton() {
  return (
    <div className="conversation conversation-skeleton" role="status">
      <span className="sr">Loading the conversation</span>
      {[0, 1, 2].map((column) => (
        <div key={column} aria-hidden="true">
          {WIDTHS.map((width) => (
            <i key={width} style={{ width: `${width}%` }} />
          ))}
        </div>
      ))}
    </div>
  );
}
