//! Files that an example writes.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

/// Checks that a file can be written, and leaves one that exists as it is.
pub(crate) fn writable(path: &Path, make_parent: bool) -> Result<(), String> {
    let open = || {
        if let (true, Some(parent)) = (make_parent, path.parent()) {
            fs::create_dir_all(parent)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).open(path)
    };
    open().map(drop).map_err(|e| cannot_write(path, &e))
}

pub(crate) fn cannot_write(path: &Path, e: &io::Error) -> String {
    format!("cannot write {}: {e}", path.display())
}
