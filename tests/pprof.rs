//! Profiles as pprof reads them. That Go's own tool does is proven by `.ci/pprof`.

#![cfg(feature = "pprof")]

#[path = "../src/export/profile_proto.rs"]
mod profile_proto;

use flate2::read::GzDecoder;
use millpond::track::{Profile, Tracking};
use millpond::{Pool, Recycle, Retention, StringMap};
use profile_proto as proto;
use prost::Message;
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::SystemTime;

const ALLOC_OBJECTS: usize = 0;
const ALLOC_SPACE: usize = 1;
const INUSE_OBJECTS: usize = 2;
const INUSE_SPACE: usize = 3;

fn decode(profile: &Profile) -> proto::Profile {
    let mut bytes = Vec::new();
    let gzip = profile.to_pprof();
    GzDecoder::new(&gzip[..]).read_to_end(&mut bytes).unwrap();
    let decoded = proto::Profile::decode(&bytes[..]).unwrap();
    check(&decoded);
    decoded
}

/// What pprof's reader insists on, and that nothing is in there twice.
fn check(profile: &proto::Profile) {
    let strings: HashSet<_> = profile.string_table.iter().collect();
    assert_eq!(strings.len(), profile.string_table.len());
    assert_eq!(profile.string_table[0], "");
    let is_string = |at: i64| assert!(!text(profile, at).contains('\0'));
    for (at, function) in profile.function.iter().enumerate() {
        assert_eq!(function.id, at as u64 + 1);
        is_string(function.name);
        is_string(function.system_name);
        is_string(function.filename);
        assert_ne!(text(profile, function.name), "");
    }
    assert_eq!(profile.mapping.len(), 1);
    assert!(profile.mapping[0].has_functions);
    for (at, location) in profile.location.iter().enumerate() {
        assert_eq!(location.id, at as u64 + 1);
        assert_eq!(location.mapping_id, profile.mapping[0].id);
        assert!(!location.line.is_empty());
        for line in &location.line {
            assert!((1..=profile.function.len() as u64).contains(&line.function_id));
        }
    }
    for sample in &profile.sample {
        assert_eq!(sample.value.len(), profile.sample_type.len());
        assert!(!sample.location_id.is_empty());
        for id in &sample.location_id {
            assert!((1..=profile.location.len() as u64).contains(id));
        }
    }
}

fn text(profile: &proto::Profile, at: i64) -> &str {
    &profile.string_table[usize::try_from(at).unwrap()]
}

fn label<'a>(profile: &'a proto::Profile, sample: &proto::Sample, key: &str) -> Option<&'a str> {
    let mut labels = sample.label.iter();
    let label = labels.find(|label| text(profile, label.key) == key)?;
    Some(text(profile, label.str))
}

/// A column of all samples, or of those in one state.
fn sum(profile: &proto::Profile, column: usize, state: Option<&str>) -> u64 {
    let samples = profile.sample.iter();
    let samples = samples.filter(|s| state.is_none() || label(profile, s, "state") == state);
    samples.map(|sample| sample.value[column] as u64).sum()
}

/// Function, file and line of each frame, the leaf first.
fn frames<'a>(profile: &'a proto::Profile, sample: &proto::Sample) -> Vec<(&'a str, &'a str, i64)> {
    let locations = sample.location_id.iter();
    let lines = locations.flat_map(|id| &profile.location[*id as usize - 1].line);
    let frames = lines.map(|line| {
        let function = &profile.function[line.function_id as usize - 1];
        let name = text(profile, function.name);
        (name, text(profile, function.filename), line.line)
    });
    frames.collect()
}

#[test]
fn the_head_says_what_there_is() {
    let pool = Pool::<Vec<u8>>::default().with_tracking(Tracking::OneIn(128));
    let before = SystemTime::now();
    let profile = decode(&pool.profile());
    let name = |at| text(&profile, at);
    let types = profile.sample_type.iter();
    let types: Vec<_> = types.map(|t| (name(t.r#type), name(t.unit))).collect();
    assert_eq!(
        types,
        [
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes")
        ]
    );
    assert_eq!(name(profile.default_sample_type), "inuse_space");
    let period = profile.period_type.as_ref().unwrap();
    assert_eq!((name(period.r#type), name(period.unit)), ("loans", "count"));
    assert_eq!(profile.period, 128);
    let since = before.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!(profile.time_nanos >= since.as_nanos() as i64);
    let program = std::env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    assert_eq!(name(profile.mapping[0].filename), program);
    assert!(profile.sample.is_empty(), "nothing was borrowed");
}

/// The same bytes as by hand, from the published numbers: `key << 3 | wire type`.
#[test]
fn the_bytes_are_those_of_the_published_format() {
    let profile = proto::Profile {
        sample_type: vec![proto::ValueType { r#type: 1, unit: 2 }],
        sample: vec![proto::Sample {
            location_id: vec![1],
            value: vec![300],
            label: vec![proto::Label { key: 3, str: 4 }],
        }],
        mapping: vec![proto::Mapping {
            id: 1,
            filename: 5,
            has_functions: true,
            has_filenames: true,
            has_line_numbers: true,
            has_inline_frames: true,
        }],
        location: vec![proto::Location {
            id: 1,
            mapping_id: 1,
            line: vec![proto::Line {
                function_id: 1,
                line: 7,
                column: 9,
            }],
        }],
        function: vec![proto::Function {
            id: 1,
            name: 6,
            system_name: 6,
            filename: 7,
        }],
        string_table: vec![String::new(), "a".into()],
        time_nanos: 8,
        period_type: Some(proto::ValueType { r#type: 1, unit: 2 }),
        period: 64,
        default_sample_type: 1,
    };
    #[rustfmt::skip]
    let bytes = [
        0x0a, 4, 0x08, 1, 0x10, 2,
        0x12, 13, 0x0a, 1, 1, 0x12, 2, 0xac, 0x02, 0x1a, 4, 0x08, 3, 0x10, 4,
        0x1a, 12, 0x08, 1, 0x28, 5, 0x38, 1, 0x40, 1, 0x48, 1, 0x50, 1,
        0x22, 12, 0x08, 1, 0x10, 1, 0x22, 6, 0x08, 1, 0x10, 7, 0x18, 9,
        0x2a, 8, 0x08, 1, 0x10, 6, 0x18, 6, 0x20, 7,
        0x32, 0, 0x32, 1, b'a',
        0x48, 8,
        0x5a, 4, 0x08, 1, 0x10, 2,
        0x60, 64,
        0x70, 1,
    ];
    assert_eq!(profile.encode_to_vec(), bytes);
}

#[test]
fn totals_are_those_of_the_pool() {
    let pool = Pool::from_fn(StringMap::new)
        .with_tracking(Tracking::All)
        .with_retention(Retention::keep_all());
    let mut held: Vec<_> = (0..30).map(|_| pool.get()).collect();
    for (n, map) in held.iter_mut().enumerate() {
        for key in 0..n {
            map.append(&format!("key {key}"), "value");
        }
    }
    held.truncate(20);
    let sizes: u64 = held.iter().map(|map| map.footprint() as u64).sum();
    let (stats, out) = (pool.stats(), pool.outstanding());
    let profile = decode(&pool.profile());

    assert_eq!((stats.in_use, stats.idle()), (20, 10));
    let lent_space = sum(&profile, INUSE_SPACE, Some("lent"));
    let idle_space = sum(&profile, INUSE_SPACE, Some("idle"));
    assert_eq!(sum(&profile, INUSE_OBJECTS, Some("lent")), 20);
    assert_eq!(sum(&profile, INUSE_OBJECTS, Some("idle")), 10);
    assert_eq!(lent_space, out.sites.iter().map(|site| site.bytes).sum());
    // The box around each object is the same for all.
    let boxes = lent_space - sizes;
    assert_eq!(idle_space - stats.idle_bytes, boxes / 2);
    assert_eq!(sum(&profile, ALLOC_OBJECTS, None), stats.created);
    // All that has grown is still there.
    assert_eq!(sum(&profile, ALLOC_SPACE, None), lent_space + idle_space);
    drop(held);
    let later = decode(&pool.profile());
    assert_eq!(sum(&later, INUSE_OBJECTS, Some("lent")), 0);
    assert_eq!(sum(&later, ALLOC_SPACE, None), lent_space + idle_space);
}

#[test]
fn labels_carry_any_name() {
    for name in [
        "two words",
        "größe 池 🦆",
        "\"quotes\" 'and' \\",
        "a\nline\tbreak",
        "%s,=:;",
    ] {
        let pool = Pool::<Vec<u8>>::default()
            .with_owned_name(name)
            .with_tracking(Tracking::All);
        let borrow = || drop(pool.get());
        thread::scope(|scope| {
            let thread = thread::Builder::new().name(name.into());
            thread.spawn_scoped(scope, borrow).unwrap();
        });
        let profile = decode(&pool.profile());
        assert!(!profile.sample.is_empty());
        for sample in &profile.sample {
            assert_eq!(label(&profile, sample, "pool"), Some(name));
            assert_eq!(label(&profile, sample, "thread"), Some(name));
        }
    }
    let nameless = Pool::<Vec<u8>>::default().with_tracking(Tracking::All);
    let held = nameless.get();
    let profile = decode(&nameless.profile());
    assert_eq!(label(&profile, &profile.sample[0], "pool"), None);
    assert_eq!(label(&profile, &profile.sample[0], "state"), Some("lent"));
    drop(held);
}

#[test]
fn without_a_stack_the_line_is_the_function() {
    let pool = Pool::<Vec<u8>>::default().with_tracking(Tracking::All);
    let line = line!() + 1;
    let held = pool.get();
    let profile = decode(&pool.profile());
    let name = format!("{}:{line}", file!());
    assert_eq!(
        frames(&profile, &profile.sample[0]),
        [(&*name, file!(), i64::from(line))]
    );
    assert_ne!(profile.location[0].line[0].column, 0);
    drop(held);
}

#[cfg(feature = "backtrace")]
mod stacks {
    use super::*;
    use std::time::Instant;

    fn pool() -> Pool<Vec<u8>> {
        Pool::default()
            .with_tracking(Tracking::All)
            .with_backtraces(true)
    }

    #[inline(never)]
    fn outer(pool: &Pool<Vec<u8>>) {
        inner(pool);
        std::hint::black_box(());
    }

    /// Inlined even where nothing is optimised.
    #[inline(always)]
    fn inner(pool: &Pool<Vec<u8>>) {
        std::mem::forget(pool.get());
    }

    #[track_caller]
    fn looked_through(pool: &Pool<Vec<u8>>) {
        std::mem::forget(pool.get());
    }

    #[test]
    fn the_leaf_is_the_function_that_borrowed_and_its_caller_the_next() {
        let pool = pool();
        outer(&pool);
        let profile = decode(&pool.profile());
        let sample = &profile.sample[0];
        let frames = frames(&profile, sample);
        let line = i64::from(pool.outstanding().sites[0].site.line());
        assert_eq!((frames[0].1, frames[0].2), (file!(), line));
        assert!(frames[0].0.ends_with("inner"), "{frames:?}");
        assert!(frames[1].0.ends_with("outer"), "{frames:?}");
        assert_eq!(frames[1].1, file!(), "as the compiler was given it");
        assert!(
            frames
                .iter()
                .all(|(name, ..)| !name.starts_with("millpond::")),
            "{frames:?}"
        );
        let leaf = &profile.location[sample.location_id[0] as usize - 1];
        assert_eq!(leaf.line.len(), 2, "one is inlined into the other");
    }

    #[test]
    fn a_function_that_passes_its_callers_line_on_is_looked_through() {
        let pool = pool();
        let line = i64::from(line!() + 1);
        looked_through(&pool);
        let profile = decode(&pool.profile());
        let frames = frames(&profile, &profile.sample[0]);
        assert_eq!((frames[0].1, frames[0].2), (file!(), line));
        assert!(frames[0].0.contains("is_looked_through"), "{frames:?}");
    }

    /// Says how long it took and how large it became with `--nocapture`.
    #[test]
    fn ten_thousand_call_sites_are_told_apart() {
        fn descend(pool: &Pool<Vec<u8>>, path: u32, depth: u32) {
            match (depth, path & 1) {
                (0, _) => std::mem::forget(pool.get()),
                (_, 0) => left(pool, path >> 1, depth - 1),
                _ => right(pool, path >> 1, depth - 1),
            }
        }
        #[inline(never)]
        fn left(pool: &Pool<Vec<u8>>, path: u32, depth: u32) {
            descend(pool, path, depth);
            std::hint::black_box("left");
        }
        #[inline(never)]
        fn right(pool: &Pool<Vec<u8>>, path: u32, depth: u32) {
            descend(pool, path, depth);
            std::hint::black_box("right");
        }
        let pool = pool();
        for path in 0..10_000 {
            descend(&pool, path, 14);
        }
        let profile = pool.profile();
        for round in ["names looked up", "again"] {
            let started = Instant::now();
            let bytes = profile.to_pprof().len();
            println!(
                "10,000 stacks, {round}: {:?}, {bytes} bytes",
                started.elapsed()
            );
        }
        let profile = decode(&profile);
        let stacks: HashSet<_> = profile.sample.iter().map(|s| &s.location_id).collect();
        assert_eq!(stacks.len(), 10_000);
        assert_eq!(sum(&profile, INUSE_OBJECTS, None), 10_000);
        assert!(
            profile.location.len() < 200,
            "shared: {}",
            profile.location.len()
        );
    }
}

/// The chance that a sum of samples strays by six standard deviations is 2 in a
/// billion.
#[test]
fn weights_are_unbiased() {
    const LOANS: u64 = 2_000_000;
    const ONE_IN: u64 = 64;
    let within = |found: u64, expected: u64, each: u64| {
        let loans = (expected / each) as f64;
        let deviation = (loans * (ONE_IN - 1) as f64).sqrt() * each as f64;
        let off = (found as f64 - expected as f64).abs() / deviation;
        assert!(off < 6.0, "{found} instead of {expected}, {off} deviations");
    };
    /// Keeps nothing, so that each loan grows anew.
    #[derive(Default)]
    struct Fleeting(Vec<u8>);

    impl Recycle for Fleeting {
        fn recycle(&mut self) {
            self.0 = Vec::new();
        }
        fn footprint(&self) -> usize {
            self.0.capacity()
        }
    }
    let pool = Pool::<Fleeting>::default().with_tracking(Tracking::OneIn(ONE_IN as u32));
    // Three of four loans grow by 100 bytes, every fourth by 1,000: a fixed beat.
    for n in 0..LOANS {
        if n % 4 == 0 {
            pool.get().0.reserve_exact(1_000);
        } else {
            pool.get().0.reserve_exact(100);
        }
    }
    let profile = decode(&pool.profile());
    let created = sum(&profile, ALLOC_OBJECTS, None);
    let grown = |bytes_each: u64, loans: u64| {
        let mut lines: Vec<_> = profile
            .sample
            .iter()
            .map(|s| s.value[ALLOC_SPACE])
            .collect();
        lines.sort_unstable();
        // The rarer loans grew by more in sum.
        let at = lines.len() - if bytes_each == 1_000 { 1 } else { 2 };
        within(lines[at] as u64, bytes_each * loans, bytes_each);
    };
    assert!(created <= ONE_IN, "one object, sampled when made or not");
    grown(1_000, LOANS / 4);
    grown(100, LOANS / 4 * 3);

    let held: Vec<_> = (0..200_000).map(|_| pool.get()).collect();
    let profile = decode(&pool.profile());
    within(
        sum(&profile, INUSE_OBJECTS, Some("lent")),
        held.len() as u64,
        1,
    );
}

/// Objects that never go and never shrink: whatever was made is somewhere, but for one
/// for each thread that is changing hands.
#[test]
fn a_profile_of_a_busy_pool_adds_up() {
    const THREADS: u64 = 2;
    const SIZE: usize = 1_000;
    let pool = Pool::from_fn(Vec::<u8>::new)
        .with_global_capacity(0)
        .with_local_capacity(1_000)
        .with_trim_interval(None)
        .with_tracking(Tracking::All);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for n in 0.. {
                    let mut held: Vec<_> = (0..n % 20).map(|_| pool.get()).collect();
                    for buffer in &mut held {
                        buffer.reserve_exact(SIZE);
                    }
                    if stop.load(Relaxed) {
                        break;
                    }
                }
            });
        }
        for _ in 0..300 {
            let profile = decode(&pool.profile());
            let total = |column| sum(&profile, column, None);
            let (made, there) = (total(ALLOC_OBJECTS), total(INUSE_OBJECTS));
            assert!(
                there <= made && made <= there + THREADS,
                "{there} of {made}"
            );
            let (grown, space) = (total(ALLOC_SPACE), total(INUSE_SPACE));
            let most = THREADS * (SIZE as u64 + 200);
            assert!(
                space <= grown && grown <= space + most,
                "{space} of {grown}"
            );
        }
        stop.store(true, Relaxed);
    });
}

#[test]
fn a_failure_to_write_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let profile = Pool::<Vec<u8>>::default().profile();
    let error = profile.write_pprof(Full).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let mut written = Vec::new();
    profile.write_pprof(&mut written).unwrap();
    assert_eq!(written, profile.to_pprof());
}
