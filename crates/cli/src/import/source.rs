//! What there is to import.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use trackway_model::Text;
use trackway_server::watch::{Annotated, Application, Found, Place, Trouble};

/// What every SQLite file begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

const HINT: &str = "name a directory that a tracker writes to (~/.burr, ~/.trackway/projects, a project or an application in it), \
                    or an SQLite file of Burr's SQLitePersister";

/// What a path that was named holds.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) work: Vec<Work>,
    /// What could not be read on the way.
    pub(super) troubles: Vec<Trouble>,
    /// How many symbolic links were passed by.
    pub(super) links: u64,
}

/// Something to read.
#[derive(Debug)]
pub(super) enum Work {
    Application(Application),
    Annotations(Annotated),
    /// An SQLite file with the table of Burr's persister.
    Table {
        path: PathBuf,
        project: Text,
    },
}

impl Work {
    /// Returns what a person calls it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Application(application) => format!("{}/{}", application.project, application.app),
            Self::Annotations(annotated) => format!("annotations of {}", annotated.project),
            Self::Table { path, .. } => path.display().to_string(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Application(application) => &application.folder,
            Self::Annotations(annotated) => &annotated.file,
            Self::Table { path, .. } => path,
        }
    }
}

/// Finds out what a path holds.
///
/// # Errors
/// It is not there, cannot be read, or holds nothing of a tracker's; with what it could be.
pub(super) fn find(path: &Path, project: Option<&str>) -> Result<Source> {
    let shown = path.display();
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!("{shown} is not there; {HINT}"),
        Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
    };
    if found.is_dir() {
        let place = Place::at(path, project.map(Text::from)).with_context(|| format!("cannot read {shown}"))?;
        let Some(place) = place else { bail!("{shown} holds nothing that a tracker wrote; {HINT}") };
        let Found { applications, annotations, troubles, links } = place.walk();
        let applications = applications.into_iter().map(Work::Application);
        let work = applications.chain(annotations.into_iter().map(Work::Annotations)).collect();
        return Ok(Source { work, troubles, links });
    }
    if !is_sqlite(path).with_context(|| format!("cannot read {shown}"))? {
        bail!("{shown} is neither a directory nor an SQLite file; {HINT}");
    }
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    let project = project.map_or_else(|| Text::from(name.into_owned()), Text::from);
    Ok(Source { work: vec![Work::Table { path: path.to_owned(), project }], ..Source::default() })
}

fn is_sqlite(path: &Path) -> std::io::Result<bool> {
    let mut beginning = Vec::new();
    File::open(path)?.take(SQLITE.len() as u64).read_to_end(&mut beginning)?;
    Ok(beginning == SQLITE)
}
