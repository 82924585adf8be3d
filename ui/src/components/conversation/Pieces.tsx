import type { JsonPiece } from "../../model/json";
import "../JsonText.css";
import "./Pieces.css";

/** JSON in its tones. */
export function Pieces({ pieces }: { pieces: JsonPiece[] }) {
  return (
    <pre className="pieces">
      {pieces.map((piece, i) => (
        <span key={i} className={`json-${piece.tone}`}>
          {piece.text}
        </span>
      ))}
    </pre>
  );
}
