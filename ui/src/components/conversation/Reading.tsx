/** Says that more of a row is on its way, or why it does not come. */
export function Reading({ isReading, failure }: { isReading: boolean; failure: string | null }) {
  if (failure !== null) {
    return (
      <p className="err xs" role="alert">
        {failure}
      </p>
    );
  }
  return isReading ? (
    <p className="d xs" role="status">
      Reading…
    </p>
  ) : null;
}
