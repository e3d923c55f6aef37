//! The requests that the benchmarks replay.

/// Header lists, one a request.
///
/// # Panics
///
/// If there is no corpus, or it is not what it should be: a benchmark of
/// made-up requests would print figures that nobody should believe.
pub(crate) fn requests() -> Vec<Vec<(String, String)>> {
    let path = std::env::var_os("MILLPOND_CORPUS")
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/requests.jsonl").into());
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("MILLPOND_CORPUS must name a corpus; {path:?}: {error}"));
    let requests: Vec<Vec<(String, String)>> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is an array of [name, value]"))
        .collect();
    println!("{} requests from {path:?}", requests.len());
    requests
}
