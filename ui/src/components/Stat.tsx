/** A number under its name. */
export function Stat({ name, value, title }: { name: string; value: string; title?: string | undefined }) {
  return (
    <span className="stat" title={title}>
      <i>{name}</i>
      <b>{value}</b>
    </span>
  );
}
