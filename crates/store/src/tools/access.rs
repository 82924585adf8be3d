//! Whether a tool has a directory for itself, or works beside the process that has the store open.

use std::path::Path;

use crate::{Error, files::file_error, lock::Lock, wal::file_numbers};

/// How a tool may use a directory.
pub(crate) enum Access {
    /// Nobody else has it until this is dropped.
    Alone {
        #[expect(dead_code, reason = "held until it is dropped")]
        lock: Lock,
    },
    /// A process has the store open and writes to it.
    Beside,
}

impl Access {
    /// Takes the directory, or finds who has it; a directory that holds no store is left as it is.
    ///
    /// # Errors
    /// [`Error::File`] when there is no store.
    pub(crate) fn of(directory: &Path) -> Result<Self, Error> {
        let wal = directory.join("wal");
        file_numbers(&wal).map_err(file_error("read", &wal))?;
        match Lock::take(directory, "") {
            Ok(lock) => Ok(Self::Alone { lock }),
            Err(Error::Locked { .. }) => Ok(Self::Beside),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn is_alone(&self) -> bool {
        matches!(self, Self::Alone { .. })
    }
}
