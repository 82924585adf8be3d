import "./Keys.css";

/** The caps of one or several keys, `j k`. */
export function Keys({ pressed }: { pressed: string }) {
  return (
    <span className="keys">
      {pressed.split(" ").map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
