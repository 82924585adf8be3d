/** The mark: four footprints that get surer. */
export function Mark() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" fill="currentColor" aria-hidden="true">
      <rect x="3.5" y="14.5" width="4" height="4.5" rx="2" opacity=".45" />
      <rect x="10.5" y="10.5" width="4" height="5.5" rx="2" opacity=".65" />
      <rect x="5" y="5.5" width="4.5" height="6.5" rx="2.25" opacity=".82" />
      <rect x="12" y="1" width="5" height="8" rx="2.5" />
    </svg>
  );
}
