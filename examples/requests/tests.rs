//! The program as its users meet it: arguments in, text and a status out.

use super::*;
use crate::source::CORPUS;

struct Ran {
    status: u8,
    out: String,
    err: String,
}

fn requests(args: &[&str], stdin: &[u8]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["requests", "--rounds", "1"].iter().chain(args);
    let status = run(
        args.map(OsString::from),
        &mut &stdin[..],
        &mut out,
        &mut err,
        ProgressDrawTarget::hidden(),
    );
    Ran {
        status,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

const LINE: &str = "[[\":path\",\"/a?b=c\"],[\"accept\",\"x\"]]\n";

#[test]
fn the_shipped_corpus_is_whole_and_right() {
    let ran = requests(&[], b"");
    assert_eq!((ran.status, &*ran.err), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("all right"));
    assert!(
        ran.out.lines().all(|l| l.chars().count() <= 80),
        "{}",
        ran.out
    );
    let lines = CORPUS.iter().filter(|&&b| b == b'\n').count();
    assert!(ran.out.starts_with(&format!("{lines} requests")));
}

#[test]
fn standard_input_and_options() {
    let ran = requests(
        &["-", "--threads", "3", "--local-capacity", "8"],
        LINE.as_bytes(),
    );
    assert_eq!((ran.status, &*ran.err), (0, ""));
    assert!(
        ran.out
            .starts_with("1 request, 3 threads: standard input\n")
    );
    for name in ["fresh", "cleared-only", "pooled", "pool of header maps"] {
        assert!(ran.out.contains(name), "{name} in {}", ran.out);
    }
}

#[test]
fn malformed_lines_are_told_skipped_and_counted() {
    let input = [b"\xFF\n{}\n", LINE.as_bytes(), b"[1]\n"].concat();
    let ran = requests(&["-"], &input);
    assert_eq!(ran.status, LINES_SKIPPED);
    assert!(ran.out.starts_with("1 request, "));
    let expected = [
        "requests: standard input: line 1: not UTF-8 after 0 good bytes",
        "requests: standard input: line 2: an object, not a list of pairs",
        "requests: standard input: line 4: item 1: a number, not a pair",
        "requests: standard input: 3 malformed lines skipped",
    ];
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn without_a_request_nothing_is_measured() {
    for input in ["", "\n\r\n", "hello\n"] {
        let ran = requests(&["-"], input.as_bytes());
        assert_eq!((ran.status, &*ran.out), (NOT_RUN, ""));
        assert!(ran.err.ends_with("no request in standard input\n"));
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let ran = requests(&["no/such/file.jsonl"], b"");
    assert_eq!(ran.status, NOT_RUN);
    assert!(
        ran.err.contains("no/such/file.jsonl: No such file"),
        "{}",
        ran.err
    );
    let directory = env!("CARGO_MANIFEST_DIR");
    let ran = requests(&[directory], b"");
    assert_eq!(ran.status, NOT_RUN);
    assert!(ran.err.contains(directory), "{}", ran.err);
}

#[test]
fn usage_errors_and_help() {
    for args in [&["--threads", "0"], &["--rounds", "many"], &["a", "b"]] {
        let ran = requests(args, b"");
        assert_eq!((ran.status, &*ran.out), (NOT_RUN, ""), "{args:?}");
        assert!(ran.err.contains("error:"), "{}", ran.err);
    }
    let ran = requests(&["--help"], b"");
    assert_eq!((ran.status, &*ran.err), (0, ""));
    assert!(ran.out.contains("--local-capacity"));
}

#[test]
fn wrong_answers_outweigh_skipped_lines() {
    assert_eq!(status(0, 0), 0);
    assert_eq!(status(0, 5), LINES_SKIPPED);
    assert_eq!(status(1, 0), WRONG_ANSWERS);
    assert_eq!(status(1, 5), WRONG_ANSWERS);
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
        let args = ["requests", "-", "--rounds", "1"].map(OsString::from);
        let (stdin, mut err) = (&mut LINE.as_bytes(), Vec::new());
        let mut out = Closing(kind, false);
        let bar = ProgressDrawTarget::hidden();
        let status = run(args, stdin, &mut out, &mut err, bar);
        (status, String::from_utf8(err).unwrap())
    };
    assert_eq!(into(io::ErrorKind::BrokenPipe), (0, String::new()));
    let (status, err) = into(io::ErrorKind::StorageFull);
    assert_eq!(status, NOT_RUN);
    assert!(err.contains("cannot write the results"), "{err}");
}
