//! Each leak must come out on top, and the control must not leak.

use crate::hunt::run;
use crate::input::Request;
use crate::load::{self, Plan};
use crate::service::{Leaks, Service};
use millpond::track::{Profile, Sample, Tracking, profile};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The profile is that of all named pools of the process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const NONE: Leaks = Leaks {
    guard: false,
    map: false,
    giants: false,
};

fn requests() -> Vec<Request> {
    let mut corpus = crate::source::CORPUS;
    crate::input::read(&mut corpus, |line, why| panic!("line {line}: {why}")).unwrap()
}

/// The profile after so many requests, and the service.
fn leak(leaks: Leaks, number: u64) -> (Profile, Service) {
    let service = Service::new(leaks, Tracking::All);
    let plan = Plan {
        threads: 2,
        requests: number,
        time: Duration::from_millis(20),
    };
    load::run(&service, &requests(), &plan, || ()).unwrap();
    (profile(), service)
}

/// The function that borrowed, of the sample in which a figure is highest.
fn top(profile: &Profile, figure: impl Fn(&Sample) -> u64) -> String {
    // Threads have samples of their own: sum up by line.
    let line = |sample: &Sample| (sample.site.file(), sample.site.line());
    let sum = |sample: &Sample| -> u64 {
        let same = profile.samples.iter().filter(|s| line(s) == line(sample));
        same.map(&figure).sum()
    };
    let top = profile.samples.iter().max_by_key(|sample| sum(sample));
    top.unwrap().site.stack()[0].to_string()
}

fn lent_objects(sample: &Sample) -> u64 {
    u64::from(!sample.is_idle) * sample.inuse_objects
}

fn lent_space(sample: &Sample) -> u64 {
    u64::from(!sample.is_idle) * sample.inuse_space
}

fn idle_space(sample: &Sample) -> u64 {
    u64::from(sample.is_idle) * sample.inuse_space
}

#[test]
fn each_leak_is_on_top_alone_and_among_the_others() {
    let _alone = alone();
    let all = Leaks {
        guard: true,
        map: true,
        giants: true,
    };
    for leaks in [
        all,
        Leaks {
            guard: true,
            ..NONE
        },
    ] {
        let (profile, service) = leak(leaks, 8_000);
        let top = top(&profile, lent_objects);
        assert!(top.contains("Service::login at "), "{top}");
        assert!(service.headers.stats().in_use > 100);
    }
    for leaks in [all, Leaks { map: true, ..NONE }] {
        let (profile, _service) = leak(leaks, 8_000);
        let top = top(&profile, lent_space);
        assert!(top.contains("Searches::new at "), "{top}");
    }
    for leaks in [
        all,
        Leaks {
            giants: true,
            ..NONE
        },
    ] {
        let (profile, service) = leak(leaks, 8_000);
        let top = top(&profile, idle_space);
        assert!(top.contains("Service::export at "), "{top}");
        assert!(service.body.stats().idle_bytes > 3 << 20);
    }
}

#[test]
fn the_control_does_not_leak() {
    let _alone = alone();
    let (profile, service) = leak(NONE, 40_000);
    assert!(service.headers.stats().in_use <= 100);
    assert!(service.body.stats().idle_bytes < 2 << 20);
    // The leak would make it 3 MiB.
    let searches = profile.samples.iter().filter(|s| &*s.pool == "params");
    let bytes = searches.map(lent_space).max().unwrap();
    assert!(bytes < 3 << 19, "{bytes}");
}

fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("leak hunt {}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    dir.join(name)
}

/// Exit status, standard output and standard error.
fn hunt(args: &[&str], stdin: &str) -> (u8, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let args = ["leak_hunt"].iter().chain(args).map(OsString::from);
    let status = run(args, &mut stdin.as_bytes(), &mut stdout, &mut stderr);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status, text(stdout), text(stderr))
}

#[test]
fn writes_two_profiles_and_ends_with_the_commands() {
    let _alone = alone();
    let out = scratch("it's.pb.gz");
    let out = out.to_str().unwrap();
    let args = ["--seconds", "1", "--rate", "4000", "--out", out];
    let (status, stdout, stderr) = hunt(&args, "");
    assert_eq!((status, &*stderr), (0, ""), "{stdout}");
    for path in [out, &out.replace(".pb.gz", ".base.pb.gz")] {
        assert_eq!(fs::read(Path::new(path)).unwrap()[..2], [0x1f, 0x8b]);
    }
    for part in [
        "pool \"headers\": ",
        "\nheaders: leaking: ",
        "Service::login at ",
        "-inuse_objects -tagfocus=state=lent '",
    ] {
        assert!(stdout.contains(part), "{part} in {stdout}");
    }
    let last = stdout.lines().last().unwrap();
    assert!(last.starts_with("go tool pprof -http="), "{last}");
    assert!(last.ends_with(r"it'\''s.pb.gz'"), "{last}");
}

#[test]
fn only_what_leaks_is_looked_for() {
    let _alone = alone();
    let out = scratch("one.pb.gz");
    let out = out.to_str().unwrap();
    let args = [
        "-",
        "--leak",
        "map",
        "--seconds",
        "1",
        "--rate",
        "100",
        "--out",
        out,
    ];
    let (status, stdout, stderr) = hunt(&args, "[[\"a\",\"1\"]]\nnot json\n");
    assert_eq!(status, 3, "{stderr}");
    assert!(stderr.contains("line 2: not JSON"), "{stderr}");
    assert!(stdout.contains("# most memory out"), "{stdout}");
    assert!(!stdout.contains("# most guards out"), "{stdout}");
}

#[test]
fn refuses_what_it_cannot_do_before_it_runs() {
    for (args, why) in [
        (&["--leak", "tap"][..], "'tap'"),
        (
            &["--leak", "none,map"],
            "--leak none goes with no other leak",
        ),
        (&["--tracking", "often"], "1/128"),
        (&["--threads", "0"], "--threads"),
        (&["--seconds", "0"], "--seconds"),
        (
            &["--out", "/no such folder/x.pb.gz"],
            "cannot write /no such folder/x.pb.gz",
        ),
        (&["no-such-file.jsonl"], "cannot read no-such-file.jsonl"),
        (&["-"], "no request in standard input"),
    ] {
        let (status, stdout, stderr) = hunt(args, "");
        assert_eq!((status, &*stdout), (2, ""), "{args:?}");
        assert!(stderr.contains(why), "{why} in {stderr}");
    }
    let (status, stdout, _) = hunt(&["--help"], "");
    assert!(status == 0 && stdout.contains("--leak"), "{stdout}");
}
