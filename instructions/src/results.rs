//! What the report reads.

use crate::Result;
use crate::verdict::Line;
use std::fmt::Write as _;
use std::path::Path;

/// Writes `instructions.jsonl` into the directory that `MILLPOND_RESULTS` names, if it
/// names one.
pub(crate) fn write(lines: &[Line]) -> Result<()> {
    let Some(directory) = std::env::var_os("MILLPOND_RESULTS") else {
        return Ok(());
    };
    let directory = Path::new(&directory);
    std::fs::create_dir_all(directory)?;
    let mut text = String::new();
    for line in lines.iter().filter(|line| line.now.is_some()) {
        let row = serde_json::json!({
            "bench": "instructions",
            "table": "instructions",
            "title": "instructions of one operation",
            "row": line.path,
            "kind": "own",
            "instructions": line.now,
            "expected": line.expected,
        });
        writeln!(text, "{row}")?;
    }
    std::fs::write(directory.join("instructions.jsonl"), text)?;
    Ok(())
}
