//! Series as tables: a line for each point, with the figures that the verdict looks at.

use millpond::Stats;
use millpond::sampler::{Point, Series};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

const HEAD: &str = "at_ms,gets,created,returned,in_use,idle_local,idle_global,idle_bytes";

fn path(name: &str) -> PathBuf {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/sampler");
    data.join(name).with_extension("csv")
}

pub(crate) fn write(name: &str, points: &[Point]) -> io::Result<()> {
    let mut table = format!("{HEAD}\n");
    for Point { at, stats, .. } in points {
        let figures = [
            at.as_millis() as u64,
            stats.gets,
            stats.created,
            stats.returned,
            stats.in_use,
            stats.idle_local,
            stats.idle_global,
            stats.idle_bytes,
        ];
        let line = figures.map(|n| n.to_string()).join(",");
        writeln!(table, "{line}").expect("a String takes all");
    }
    fs::write(path(name), table)
}

pub(crate) fn read(name: &str) -> Series {
    let path = path(name);
    let table = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some(HEAD), "{}", path.display());
    Series::from_points(lines.map(point))
}

fn point(line: &str) -> Point {
    let figures: Vec<u64> = line.split(',').map(|n| n.parse().unwrap()).collect();
    let [
        at,
        gets,
        created,
        returned,
        in_use,
        idle_local,
        idle_global,
        idle_bytes,
    ] = figures[..]
    else {
        panic!("not eight figures: {line}");
    };
    let mut stats = Stats::default();
    stats.gets = gets;
    stats.local_hits = gets - created;
    stats.created = created;
    stats.returned = returned;
    stats.in_use = in_use;
    stats.idle_local = idle_local;
    stats.idle_global = idle_global;
    stats.idle_bytes = idle_bytes;
    Point::new(Duration::from_millis(at), stats)
}
