// Runs before the first paint, so that a dark page does not flash white.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("trackway.theme");
  } catch {
    // Storage may be forbidden; the system's theme is right then.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
