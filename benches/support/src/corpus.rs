//! The requests that the benchmarks replay.

use std::path::{Path, PathBuf};

/// The headers of a request.
pub type Request = Vec<(String, String)>;

/// Where the corpus is: `given`, or what `MILLPOND_CORPUS` names, or else the one in
/// this repository.
pub fn path(given: Option<&Path>) -> PathBuf {
    match (given, std::env::var_os("MILLPOND_CORPUS")) {
        (Some(path), _) => path.into(),
        (None, Some(path)) => path.into(),
        (None, None) => concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/requests.jsonl").into(),
    }
}

/// Header lists, one a request.
///
/// # Errors
///
/// If there is no corpus, it is not what it should be, or there are no requests in
/// it: a benchmark of made-up requests would print figures that nobody should
/// believe. Says where, and what was expected.
pub fn read(path: &Path) -> Result<Vec<Request>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the corpus {}: {error}", path.display()))?;
    let parse = |(at, line)| {
        serde_json::from_str(line).map_err(|error| {
            let (path, line) = (path.display(), at + 1);
            format!("{path}, line {line}: not an array of [name, value]: {error}")
        })
    };
    let requests: Vec<Request> = text
        .lines()
        .enumerate()
        .map(parse)
        .collect::<Result<_, _>>()?;
    if requests.iter().all(Vec::is_empty) {
        return Err(format!("no headers in the corpus {}", path.display()));
    }
    Ok(requests)
}

/// The corpus without a command line.
///
/// # Panics
///
/// If it cannot be [`read`].
pub fn requests() -> Vec<Request> {
    let path = path(None);
    let requests = read(&path).unwrap_or_else(|error| panic!("{error}"));
    println!("{} requests from {}", requests.len(), path.display());
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_corpus_is_the_default() {
        assert_eq!(read(&path(None)).unwrap().len(), 220);
    }

    #[test]
    fn what_is_no_corpus_is_named() {
        let error = read(Path::new("/nowhere")).unwrap_err();
        assert!(error.contains("/nowhere"), "{error}");
        let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let error = read(own).unwrap_err();
        assert!(error.contains("line 1"), "{error}");
    }
}
