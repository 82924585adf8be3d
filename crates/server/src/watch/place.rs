//! Where trackers keep what: projects, their applications, and what people said of them.
//!
//! ```text
//! ~/.burr/                      Store
//!   my_project/                 Project
//!     annotations.jsonl
//!     3f2c.../                  Application: graph.json, metadata.json, log.jsonl, children.jsonl
//!     team/chat/                an application whose id is "team/chat"
//!
//! ~/.trackway/projects/         Store
//!   my_project/                 Project
//!     chat~ann/                 Application: log.ndjson
//! ```

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use trackway_model::{Text, Timestamp};

/// The files that make a folder an application of Burr's.
const MARKS: [&str; 4] = ["graph.json", "metadata.json", "log.jsonl", "children.jsonl"];
/// The file that makes a folder a run of our own tracker.
pub(super) const NATIVE_LOG: &str = "log.ndjson";
const ANNOTATIONS: &str = "annotations.jsonl";
/// How deep in a project an application's folder is looked for; its id has a slash for each folder above it.
const DEEPEST: usize = 4;

/// What a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Projects, as `~/.burr` does.
    Store,
    /// The applications of one project.
    Project,
    /// One application.
    Application,
}

/// Who wrote the files of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Burr's tracker.
    Burr,
    /// Our own: one log of records.
    Native,
}

/// A directory that a tracker writes to, whatever it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    folder: PathBuf,
    shape: Shape,
    /// The project that everything in it is listed under, instead of the one that the folders tell.
    project: Option<Text>,
}

/// The folder of one application.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Application {
    /// Where its files are.
    pub folder: PathBuf,
    /// The project that it is listed under.
    pub project: Text,
    /// True when that is not the one that the files tell.
    pub is_renamed: bool,
    /// Its id, as far as the folder tells.
    pub app: Text,
    /// Who wrote its files.
    pub format: Format,
}

impl Application {
    /// Returns when its log was last written, or else its graph; `None` when neither is there.
    pub(super) fn last_written(&self) -> Option<Timestamp> {
        let written = |name: &str| fs::metadata(self.folder.join(name)).and_then(|file| file.modified()).ok();
        let files: &[&str] = match self.format {
            Format::Burr => &["log.jsonl", "graph.json"],
            Format::Native => &[NATIVE_LOG],
        };
        files.iter().find_map(|name| written(name)).map(Timestamp::from)
    }
}

/// A file of annotations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Annotated {
    /// The file.
    pub file: PathBuf,
    /// The project that they are of.
    pub project: Text,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The file or the folder.
    pub path: PathBuf,
    /// What is the matter with it, in a sentence.
    pub what: String,
}

/// What a walk through a directory found.
#[derive(Debug, Default)]
pub struct Found {
    /// The applications, by folder.
    pub applications: Vec<Application>,
    /// The files of annotations.
    pub annotations: Vec<Annotated>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
    /// How many symbolic links were passed by: what they lead to may be anywhere.
    pub links: u64,
}

/// What the path of a file or folder in a place means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is a file of an application.
    OfApplication(Application),
    Annotations(Annotated),
    Other,
}

impl Place {
    /// Finds out what a directory holds; `None` when it holds nothing of any tracker's.
    ///
    /// A `project` replaces the one that the folders tell.
    ///
    /// # Errors
    /// The directory is not there, is none, or cannot be read.
    pub fn at(path: &Path, project: Option<Text>) -> io::Result<Option<Self>> {
        let folder = path.canonicalize()?;
        let shape = recognise(&folder)?;
        Ok(shape.map(|shape| Self { folder, shape, project }))
    }

    /// Takes a directory for a store, whatever is in it yet.
    pub(super) fn presumed(folder: PathBuf) -> Self {
        Self { folder, shape: Shape::Store, project: None }
    }

    /// Tells whether a path is one that readings are told by.
    pub(super) fn is_read(&self, path: &Path) -> bool {
        is_application(path) || self.meaning(path) != Meaning::Other
    }

    /// Returns the directory, without symbolic links in its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what the directory holds.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Looks for applications in the whole directory.
    pub fn walk(&self) -> Found {
        self.walk_from(&self.folder, &mut |_| Ok(()))
    }

    /// Looks for applications in a folder of the directory; `enter` is told every folder before it is read.
    pub(super) fn walk_from(&self, folder: &Path, enter: &mut dyn FnMut(&Path) -> io::Result<()>) -> Found {
        let mut found = Found::default();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            let entered = enter(&folder).and_then(|()| entries(&folder));
            match entered {
                Ok(entries) => self.sort_in(entries, &mut open, &mut found),
                // It was there a moment ago; whoever deletes it does not want it read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => found.troubles.push(Trouble::new(&folder, &error)),
            }
        }
        found.applications.sort_by(|one, other| one.folder.cmp(&other.folder));
        found.applications.dedup();
        found
    }

    fn sort_in(&self, entries: Vec<Entry>, open: &mut Vec<PathBuf>, found: &mut Found) {
        for Entry { path, kind } in entries {
            match kind {
                Kind::Folder if self.depth(&path).is_some_and(|depth| depth <= self.deepest()) => open.push(path),
                Kind::File => match self.meaning(&path) {
                    Meaning::OfApplication(application) => found.applications.push(application),
                    Meaning::Annotations(annotated) => found.annotations.push(annotated),
                    Meaning::Other => {}
                },
                Kind::Link => found.links += 1,
                Kind::Folder | Kind::Other => {}
            }
        }
    }

    /// Tells what the path of a file means.
    pub(super) fn meaning(&self, path: &Path) -> Meaning {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Meaning::Other };
        let Some(folder) = path.parent() else { return Meaning::Other };
        let format = match name {
            NATIVE_LOG => Some(Format::Native),
            _ => MARKS.contains(&name).then_some(Format::Burr),
        };
        if let Some(format) = format {
            return self.application(folder, format).map_or(Meaning::Other, Meaning::OfApplication);
        }
        match self.project_at(folder) {
            Some(project) if name == ANNOTATIONS => Meaning::Annotations(Annotated { file: path.to_owned(), project }),
            _ => Meaning::Other,
        }
    }

    /// Names the application that a folder is.
    fn application(&self, folder: &Path, format: Format) -> Option<Application> {
        let names = self.names(folder)?;
        let (project, app) = match self.shape {
            Shape::Store => {
                let (project, app) = names.split_first()?;
                (project.clone(), app.join("/"))
            }
            Shape::Project => (name_of(&self.folder), names.join("/")),
            Shape::Application if names.is_empty() => (name_of(self.folder.parent()?), name_of(&self.folder)),
            Shape::Application => return None,
        };
        let is_renamed = self.project.is_some();
        let project = self.project.clone().unwrap_or_else(|| project.into());
        let folder = folder.to_owned();
        (!app.is_empty()).then(|| Application { folder, project, is_renamed, app: app.into(), format })
    }

    /// Names the project that a folder is.
    fn project_at(&self, folder: &Path) -> Option<Text> {
        let name = match (self.shape, &*self.names(folder)?) {
            (Shape::Store, [project]) => project.clone(),
            (Shape::Project, []) => name_of(&self.folder),
            _ => return None,
        };
        Some(self.project.clone().unwrap_or_else(|| name.into()))
    }

    /// Returns how many folders below the directory a folder is.
    fn depth(&self, folder: &Path) -> Option<usize> {
        self.names(folder).map(|names| names.len())
    }

    fn deepest(&self) -> usize {
        match self.shape {
            Shape::Store => 1 + DEEPEST,
            Shape::Project => DEEPEST,
            Shape::Application => 0,
        }
    }

    fn names(&self, folder: &Path) -> Option<Vec<String>> {
        let below = folder.strip_prefix(&self.folder).ok()?;
        let name = |part: Component<'_>| part.as_os_str().to_string_lossy().into_owned();
        Some(below.components().map(name).collect())
    }
}

impl Trouble {
    pub(super) fn new(path: &Path, error: &io::Error) -> Self {
        Self { path: path.to_owned(), what: format!("cannot be read: {error}") }
    }
}

/// Returns how many projects with applications a store has, of the first hundred folders; 0 when it is none.
pub(crate) fn projects(store: &Path) -> usize {
    let folders = |path: &Path| {
        let entries = entries(path).unwrap_or_default(); // what cannot be read holds nothing that could be offered
        entries.into_iter().filter(|entry| entry.kind == Kind::Folder).map(|entry| entry.path).take(100)
    };
    folders(store).filter(|project| folders(project).any(|folder| is_application(&folder))).count()
}

fn recognise(folder: &Path) -> io::Result<Option<Shape>> {
    let inside = entries(folder)?;
    if is_application(folder) {
        return Ok(Some(Shape::Application));
    }
    let folders = || inside.iter().filter(|entry| entry.kind == Kind::Folder).map(|entry| &*entry.path);
    let is_annotated = |folder: &Path| is_file(&folder.join(ANNOTATIONS));
    if is_annotated(folder) || folders().any(is_application) {
        return Ok(Some(Shape::Project));
    }
    // A folder that may not be read hides nothing from the others.
    let holds_application = |folder: &Path| {
        let inside = entries(folder).unwrap_or_default();
        inside.iter().any(|entry| entry.kind == Kind::Folder && is_application(&entry.path))
    };
    Ok(folders().any(|folder| is_annotated(folder) || holds_application(folder)).then_some(Shape::Store))
}

fn is_application(folder: &Path) -> bool {
    MARKS.iter().chain([&NATIVE_LOG]).any(|mark| is_file(&folder.join(mark)))
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

/// What stands in a folder.
struct Entry {
    path: PathBuf,
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
    Other,
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: fs::DirEntry| {
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_dir() => Kind::Folder,
            Ok(kind) if kind.is_file() => Kind::File,
            Ok(kind) if kind.is_symlink() => Kind::Link,
            _ => Kind::Other,
        };
        Entry { path: entry.path(), kind }
    };
    fs::read_dir(folder)?.map(|found| found.map(entry)).collect()
}
