//! What the pools know, and which commands tell the rest.

use crate::load::Plan;
use crate::numbers::plural;
use crate::service::{Leaks, Service};
use crate::source::Loaded;
use millpond::sampler::Series;
use millpond::track::{Outstanding, Tracking};
use std::io::{self, Write};
use std::path::Path;

pub(crate) fn opening(
    out: &mut dyn Write,
    loaded: &Loaded,
    plan: &Plan,
    tracking: Tracking,
) -> io::Result<()> {
    writeln!(
        out,
        "{} from {} on {}, in {} s; tracking {tracking}",
        plural(plan.requests, "request"),
        loaded.source,
        plural(plan.threads, "thread"),
        plan.time.as_secs(),
    )?;
    out.flush()
}

pub(crate) fn pools(out: &mut dyn Write, service: &Service) -> io::Result<()> {
    let Service {
        headers,
        params,
        body,
        ..
    } = service;
    for (name, stats) in [
        ("headers", headers.stats()),
        ("params", params.stats()),
        ("body", body.stats()),
    ] {
        writeln!(out, "\n{name}\n{stats}")?;
    }
    for outstanding in [
        headers.outstanding(),
        params.outstanding(),
        body.outstanding(),
    ] {
        writeln!(out, "\n{}", first_frames(&outstanding))?;
    }
    Ok(())
}

/// Whether each pool leaks, by its counters alone.
pub(crate) fn verdicts(out: &mut dyn Write, series: &[Series]) -> io::Result<()> {
    writeln!(out)?;
    for series in series {
        writeln!(out, "{series}")?;
    }
    Ok(())
}

/// The text without the outer part of long stacks: pprof shows it better.
fn first_frames(outstanding: &Outstanding) -> String {
    const FRAMES: usize = 3;
    let text = outstanding.to_string();
    let mut frames = 0;
    let lines = text.lines().filter(|line| {
        frames = match line.starts_with("        ") {
            true => frames + 1,
            false => 0,
        };
        frames <= FRAMES
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What each leak is found by: the first line that the command prints.
const COMMANDS: [(&str, &str); 3] = [
    ("most guards out", "-inuse_objects -tagfocus=state=lent"),
    ("most memory out", "-inuse_space -tagfocus=state=lent"),
    ("most memory idle", "-inuse_space -tagfocus=state=idle"),
];

pub(crate) fn commands(
    out: &mut dyn Write,
    leaks: Leaks,
    profile: &Path,
    base: &Path,
) -> io::Result<()> {
    let (profile, base) = (quoted(profile), quoted(base));
    let command = |out: &mut dyn Write, what: &str, options: &str| {
        writeln!(out, "\n# {what}\ngo tool pprof -top {options} {profile}")
    };
    let asked = [leaks.guard, leaks.map, leaks.giants];
    for ((what, options), _) in COMMANDS.iter().zip(asked).filter(|(_, asked)| *asked) {
        command(out, what, &format!("-lines {options}"))?;
    }
    command(
        out,
        "all that grew since early on",
        &format!("-lines -base={base}"),
    )?;
    writeln!(
        out,
        "\n# in a browser\ngo tool pprof -http=localhost:8080 {profile}"
    )
}

/// As a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:".contains(c);
    match !path.is_empty() && path.chars().all(plain) {
        true => path.into_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_the_shell() {
        for (path, text) in [
            ("target/a.pb.gz", "target/a.pb.gz"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(Path::new(path)), text);
        }
    }
}
