//! What is not worth a span: the paths of health checks, and hosts that traces themselves are sent to.

/// URLs of which no spans are wanted, for those who write a layer around an HTTP server or client.
///
/// ```
/// use trackway::Excluded;
///
/// let excluded = Excluded::new().path("/healthz").host("localhost:7241");
/// assert!(excluded.covers("https://shop.example/healthz?full=1"));
/// assert!(excluded.covers("http://localhost:7241/v1/traces"));
/// assert!(!excluded.covers("https://shop.example/orders"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excluded {
    paths: Vec<Box<str>>,
    hosts: Vec<Box<str>>,
}

impl Excluded {
    /// Returns a list that covers nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Covers every URL whose path begins so; a slash in front is understood.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.paths.push(path.trim_start_matches('/').into());
        self
    }

    /// Covers every URL of that host, with its port if it has one: `localhost:7241`.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Returns whether a URL is covered: a whole one, one without its scheme, or a path that begins with a slash.
    pub fn covers(&self, url: &str) -> bool {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let is_path =
            path.strip_prefix('/').is_some_and(|path| self.paths.iter().any(|begin| path.starts_with(&**begin)));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        is_path || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}
