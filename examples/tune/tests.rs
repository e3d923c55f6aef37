//! The program as its users meet it: arguments in, text, a page and a status out.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

struct Ran {
    status: u8,
    out: String,
    err: String,
    /// What was written, if anything.
    page: Option<String>,
}

/// A path that no other test has.
fn unused() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Relaxed);
    std::env::temp_dir().join(format!("tune-{}-{n}.html", std::process::id()))
}

fn tune(args: &[&str], stdin: &[u8]) -> Ran {
    let page = unused();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let first = ["tune", "--rounds", "1", "--out"].map(OsString::from);
    let args = first
        .into_iter()
        .chain([page.clone().into_os_string()])
        .chain(args.iter().map(OsString::from));
    let bar = ProgressDrawTarget::hidden();
    let status = run(args, &mut &stdin[..], &mut out, &mut err, bar);
    let ran = Ran {
        status,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
        page: fs::read_to_string(&page).ok(),
    };
    let _ = fs::remove_file(&page);
    ran
}

const LINE: &str = "[[\":path\",\"/a?b=c\"],[\"accept\",\"x\"]]\n";

#[test]
fn the_shipped_corpus_gives_a_table_a_recommendation_and_a_page() {
    let ran = tune(&["--threads", "2"], b"");
    assert_eq!((ran.status, &*ran.err), (0, ""), "{}", ran.out);
    assert!(
        ran.out.starts_with(
            "headers of 220 requests in corpus/requests.jsonl\n\
             2 threads, 12 maps held at once by each\n"
        ),
        "{}",
        ran.out
    );
    for text in [
        "recommended: ",
        "advised:     16\n",
        "out at once",
        "curves: ",
    ] {
        assert!(ran.out.contains(text), "{text} in {}", ran.out);
    }
    assert!(ran.page.unwrap().contains("</html>"));
}

#[test]
fn options_reach_the_measurement() {
    let args = [
        "--synthetic",
        "0",
        "--threads",
        "3",
        "--share",
        "50",
        "--depth",
        "2",
    ];
    let ran = tune(&[&args[..], &["--sizes", "9,0,9"]].concat(), b"");
    assert_eq!((ran.status, &*ran.err), (0, ""));
    let says = "maps that stay empty\n2 of 3 threads borrow, 2 maps at once; \
                50% are dropped by the other 1\n";
    assert!(ran.out.starts_with(says), "{}", ran.out);
    let sizes = ran.out.lines().skip(4).map(|l| l.split_whitespace().next());
    let sizes: Vec<_> = sizes.take_while(Option::is_some).flatten().collect();
    assert_eq!(sizes, ["0", "9"], "{}", ran.out);
}

#[test]
fn malformed_lines_are_told_skipped_and_counted() {
    let input = [b"\xFF\n", LINE.as_bytes(), b"[1]\n"].concat();
    let ran = tune(&["-", "--depth", "1", "--sizes", "8"], &input);
    assert_eq!(ran.status, LINES_SKIPPED);
    let expected = [
        "tune: standard input: line 1: not UTF-8 after 0 good bytes",
        "tune: standard input: line 3: item 1: a number, not a pair",
        "tune: standard input: 2 malformed lines skipped",
    ];
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), expected);
    assert!(ran.page.is_some());
}

#[test]
fn without_a_request_nothing_is_measured_and_nothing_written() {
    let ran = tune(&["-"], b"hello\n");
    assert_eq!((ran.status, &*ran.out, ran.page), (NOT_RUN, "", None));
    assert!(ran.err.ends_with("tune: no request in standard input\n"));
    let ran = tune(&["no/such/file.jsonl"], b"");
    assert_eq!((ran.status, ran.page), (NOT_RUN, None));
    assert!(ran.err.contains("no/such/file.jsonl: No such file"));
}

#[test]
fn a_page_that_cannot_be_written_is_named_before_anything_is_measured() {
    let directory = std::env::temp_dir().display().to_string();
    for (path, why) in [
        (directory.clone(), "directory"),
        (
            format!("{directory}/no-such/tune/page.html"),
            "No such file",
        ),
    ] {
        let args = ["tune", "--out", &path].map(OsString::from);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let bar = ProgressDrawTarget::hidden();
        let status = run(args, &mut &b""[..], &mut out, &mut err, bar);
        let err = String::from_utf8(err).unwrap();
        assert_eq!((status, &*out), (NOT_RUN, &b""[..]));
        assert!(
            err.starts_with(&format!("tune: cannot write {path}: ")),
            "{err}"
        );
        assert!(err.contains(why), "{err}");
    }
}

#[test]
fn usage_errors_and_help() {
    for args in [
        &["--share", "150"][..],
        &["--share", "-1"],
        &["--threads", "0"],
        &["--depth", "0"],
        &["--rounds", "0"],
        &["--sizes", "1,many"],
        &["--sizes", "99999999"],
        &["--synthetic", "3", "file"],
    ] {
        let ran = tune(args, b"");
        assert_eq!((ran.status, &*ran.out), (NOT_RUN, ""), "{args:?}");
        assert!(ran.err.contains("error:"), "{}", ran.err);
        assert!(ran.page.is_none());
    }
    let ran = tune(&["--share", "5", "--threads", "1"], b"");
    assert_eq!(ran.status, NOT_RUN);
    assert!(
        ran.err.contains("needs at least two threads"),
        "{}",
        ran.err
    );
    let ran = tune(&["--help"], b"");
    assert_eq!((ran.status, &*ran.err), (0, ""));
    assert!(ran.out.contains("--share <PERCENT>"));
}

/// Takes one line and then fails, like a pipe into `head -1` or a full disk.
struct Closing(io::ErrorKind, bool);

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1 {
            return Err(self.0.into());
        }
        self.1 = bytes.contains(&b'\n');
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
    let into = |kind| {
        let page = unused();
        let first = ["tune", "-", "--rounds", "1", "--sizes", "8", "--out"];
        let args = first.map(OsString::from).into_iter();
        let args = args.chain([page.clone().into_os_string()]);
        let (stdin, mut err) = (&mut LINE.as_bytes(), Vec::new());
        let mut out = Closing(kind, false);
        let bar = ProgressDrawTarget::hidden();
        let status = run(args, stdin, &mut out, &mut err, bar);
        let written = fs::read_to_string(&page).is_ok_and(|page| page.contains("</html>"));
        let _ = fs::remove_file(&page);
        (status, String::from_utf8(err).unwrap(), written)
    };
    assert_eq!(into(io::ErrorKind::BrokenPipe), (0, String::new(), true));
    let (status, err, _) = into(io::ErrorKind::StorageFull);
    assert_eq!(status, NOT_RUN);
    assert!(err.contains("cannot write the results"), "{err}");
}
