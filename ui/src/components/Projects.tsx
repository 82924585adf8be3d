import type { ProjectList } from "../api/types";
import { ago, count, dateAndClock } from "../model/format";
import { Icon } from "./Icon";
import { Link } from "./navigation";
import "./Projects.css";

type Project = ProjectList["projects"][number];

interface ProjectsProps {
  projects: Project[];
  now: number;
  onDelete: (project: Project) => void;
}

export function Projects({ projects, now, onDelete }: ProjectsProps) {
  return (
    <section className="card" aria-label="Projects">
      <h2 className="system-title">Projects</h2>
      <table className="projects">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="num">
              Traces
            </th>
            <th scope="col" className="num">
              Spans
            </th>
            <th scope="col" className="num">
              Last
            </th>
            <th scope="col">
              <span className="sr">Delete</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {projects.map((project) => (
            <tr key={project.name}>
              <td className="el">
                <Link to={`/?${new URLSearchParams({ project: project.name })}`}>{project.name}</Link>
              </td>
              <td className="num">{count(project.trace_count)}</td>
              <td className="num">{count(project.span_count)}</td>
              <td className="num d" title={dateAndClock(project.last_start)}>
                {ago(project.last_start, now)}
              </td>
              <td>
                <button
                  type="button"
                  className="ib"
                  aria-label={`Delete the project ${project.name}`}
                  title="Delete the project"
                  onClick={() => onDelete(project)}
                >
                  <Icon name="bin" />
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {projects.length === 0 && <p className="projects-none d">None yet.</p>}
    </section>
  );
}
