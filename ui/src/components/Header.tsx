import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { useLive } from "../api/live";
import { filtersOf, parametersOf } from "../model/address";
import { Icon, type IconName } from "./Icon";
import { Mark } from "./Mark";
import { Link, listAddress, navigate, usePath, useSearch } from "./navigation";
import { Select } from "./Select";
import { nextTheme, type ThemeChoice, useThemeChoice } from "./theme";
import { useThrottled } from "./throttle";
import "./Header.css";

const THEME_ICONS: Record<ThemeChoice, IconName> = { system: "theme", light: "sun", dark: "moon" };

const ASK_AGAIN_MS = 1000;

interface HeaderProps {
  onPalette: () => void;
  onKeys: () => void;
}

export function Header({ onPalette, onKeys }: HeaderProps) {
  const path = usePath();
  const theme = useThemeChoice();
  return (
    <header className="hdr">
      <Link to="/" className="brand">
        <Mark />
        Trackway
      </Link>
      <ProjectSwitch />
      <nav className="nav" aria-label="Pages">
        <Link to={listAddress()} current={path !== "/system"}>
          Traces
        </Link>
        <Link to="/system" current={path === "/system"}>
          System
        </Link>
      </nav>
      <span className="grow" />
      <button type="button" className="jump" onClick={onPalette}>
        <Icon name="search" small />
        <span className="grow">Jump to or do…</span>
        <span className="jump-keys">
          <kbd>Ctrl</kbd>
          <kbd>K</kbd>
        </span>
      </button>
      <button
        type="button"
        className="ib"
        title={`Theme: ${theme}`}
        aria-label={`Theme: ${theme}. Switch`}
        onClick={nextTheme}
      >
        <Icon name={THEME_ICONS[theme]} />
      </button>
      <button type="button" className="ib" title="All keys" aria-label="All keys" onClick={onKeys}>
        <kbd>?</kbd>
      </button>
    </header>
  );
}

function ProjectSwitch() {
  const path = usePath();
  const here = useSearch();
  const onList = path === "/" || path === "/traces";
  const search = onList ? here : new URLSearchParams(listAddress().split("?")[1] ?? "");
  const { project } = filtersOf(search);
  const { data, refetch } = useQuery({ queryKey: ["projects"], queryFn: ({ signal }) => api.projects(signal) });
  const names = data?.projects.map(({ name }) => name) ?? [];
  if (project !== null && !names.includes(project)) names.push(project);

  const askAgain = useThrottled(refetch, ASK_AGAIN_MS);
  useLive({ trace: ({ trace }) => trace !== null && !names.includes(trace.project) && askAgain() });

  const choose = (chosen: string) => {
    const filters = { ...filtersOf(search), project: chosen === "" ? null : chosen, service: null };
    const parameters = parametersOf(filters).toString();
    navigate(parameters ? `/?${parameters}` : "/");
  };
  return (
    <Select
      label="Project"
      value={project ?? ""}
      options={[{ value: "", name: "All projects" }, ...names.map((name) => ({ value: name, name }))]}
      onChange={choose}
    />
  );
}
