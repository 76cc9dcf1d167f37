//! What is read from files, and again when they change.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;

use super::TlsError;

/// Files are looked at no more often, and only when clients connect.
pub(super) const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// What handshakes use, which may be replaced between them.
pub(super) struct Reloaded<T> {
    current: ArcSwap<T>,
    source: Option<Source<T>>,
}

impl<T> Reloaded<T> {
    /// A value that changes when it is replaced only.
    pub(super) fn new(value: T) -> Self {
        Reloaded {
            current: ArcSwap::from_pointee(value),
            source: None,
        }
    }

    /// What `read` makes of these files, now and when they have changed.
    pub(super) fn of_files(
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let seen = Mutex::new(Seen {
            checked: Instant::now(),
            stamps: stamps(&files),
        });
        Ok(Reloaded {
            current: ArcSwap::from_pointee(read()?),
            source: Some(Source {
                files,
                read: Box::new(read),
                seen,
            }),
        })
    }

    pub(super) fn replace(&self, value: T) {
        self.current.store(Arc::new(value));
    }

    /// The value for a handshake that begins at `now`.
    pub(super) fn get(&self, now: Instant) -> Arc<T> {
        self.refresh(now);
        self.current.load_full()
    }

    /// Reads files again that have changed. What cannot be used is passed over until it changes
    /// once more: a pair is not written at one blow.
    fn refresh(&self, now: Instant) {
        let Some(source) = self.source.as_ref().filter(|source| source.changed(now)) else {
            return;
        };
        let files = &source.files;
        match (source.read)() {
            Ok(value) => {
                self.replace(value);
                tracing::info!(?files, "files of TLS reloaded");
            }
            Err(error) => tracing::error!(
                ?files,
                %error,
                "changed files of TLS cannot be used; what was read before stays"
            ),
        }
    }
}

impl<T> fmt::Debug for Reloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.source.as_ref().map(|source| &source.files);
        f.debug_struct("Reloaded")
            .field("files", &files)
            .finish_non_exhaustive()
    }
}

/// Where a value comes from.
struct Source<T> {
    files: Vec<PathBuf>,
    read: Box<dyn Fn() -> Result<T, TlsError> + Send + Sync>,
    seen: Mutex<Seen>,
}

/// When the files were last looked at, and what they were like.
struct Seen {
    checked: Instant,
    stamps: Vec<Stamp>,
}

/// What changes with a file: its time and size; `None` while it is not there.
type Stamp = Option<(SystemTime, u64)>;

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}

impl<T> Source<T> {
    /// Whether the files are others than at the last look.
    fn changed(&self, now: Instant) -> bool {
        // Another handshake looks at this moment, or did lately.
        let Ok(mut seen) = self.seen.try_lock() else {
            return false;
        };
        if now < seen.checked + CHECK_INTERVAL {
            return false;
        }
        let stamps = stamps(&self.files);
        let changed = stamps != seen.stamps;
        *seen = Seen {
            checked: now,
            stamps,
        };
        changed
    }
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let what = format!("cannot read {}", path.display());
    fs::read(path).map_err(|error| TlsError::because(&what, error))
}
