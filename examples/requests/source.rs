//! Where requests come from. Shared with the `tune` example.

use crate::input::{self, Request};
use crate::numbers::plural;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

/// The shipped corpus, built in: it is found from wherever this is run.
pub(crate) const CORPUS: &[u8] = include_bytes!("../../corpus/requests.jsonl");

#[derive(Debug)]
pub(crate) struct Loaded {
    /// A name for where they are from.
    pub(crate) source: String,
    /// At least one.
    pub(crate) requests: Vec<Request>,
    /// Malformed lines.
    pub(crate) skipped: u64,
}

/// Reads requests from a file, from standard input (`-`), or from the corpus. Tells
/// of malformed lines on `stderr`, in the name of `program`.
///
/// # Errors
///
/// In words: if it cannot be read, or there is no request in it.
pub(crate) fn load(
    program: &str,
    path: Option<&Path>,
    stdin: &mut dyn BufRead,
    stderr: &mut dyn Write,
) -> Result<Loaded, String> {
    let mut skipped = 0;
    let mut read = |source: &str, input: &mut dyn BufRead| {
        input::read(input, |line, why| {
            skipped += 1;
            let _ = writeln!(stderr, "{program}: {source}: line {line}: {why}");
        })
    };
    let (source, requests) = match path {
        None => {
            let source = "corpus/requests.jsonl".to_owned();
            let requests = read(&source, &mut &CORPUS[..]);
            (source, requests)
        }
        Some(path) if path.as_os_str() == "-" => {
            let source = "standard input".to_owned();
            let requests = read(&source, stdin);
            (source, requests)
        }
        Some(path) => {
            let source = path.display().to_string();
            let requests: io::Result<_> =
                File::open(path).and_then(|file| read(&source, &mut BufReader::new(file)));
            (source, requests)
        }
    };
    let requests = requests.map_err(|e| format!("cannot read {source}: {e}"))?;
    if skipped > 0 {
        let lines = plural(skipped, "malformed line");
        let _ = writeln!(stderr, "{program}: {source}: {lines} skipped");
    }
    if requests.is_empty() {
        return Err(format!("no request in {source}"));
    }
    Ok(Loaded {
        source,
        requests,
        skipped,
    })
}
