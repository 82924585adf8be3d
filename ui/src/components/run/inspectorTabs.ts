/** The parts of a step, one of which is shown. */

export const TABS = ["overview", "state", "diff", "error", "attributes", "source", "notes", "load"] as const;

export type InspectorTab = (typeof TABS)[number];

export const tabOf = (text: string | null): InspectorTab => TABS.find((tab) => tab === text) ?? "overview";
