//! The probes' verdicts on this crate, and on peers that are known to fail them: a
//! probe that cannot say no says nothing.

use millpond_peers::capability::{Answer, CAPABILITIES, SUBJECTS, ask};
use millpond_peers::peers::HOARDERS;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_capabilities");

fn answer(subject: &str, capability: &str) -> Answer {
    ask(Path::new(PROGRAM), subject, capability).unwrap()
}

#[test]
fn millpond_can_do_all_of_it() {
    assert_eq!(SUBJECTS[0], "millpond");
    for asked in CAPABILITIES {
        let answer = answer(SUBJECTS[0], asked.name);
        assert_eq!(answer.able, Some(true), "{}: {answer:?}", asked.name);
    }
}

#[test]
fn every_probe_can_say_no() {
    for (capability, subject, seen) in [
        ("returns", "sharded-slab, Pool", "never lent again"),
        ("clears", "object-pool", "as it was left"),
        ("count", "object-pool", "1000 of 1000"),
        ("memory", "opool", "of a giant"),
        ("crosses", "poolshark, LPooled", "finds 0"),
        ("one-way", "swimmer", "1024 are kept"),
        ("dead-thread", "poolshark, LPooled", "0 are found"),
        ("teardown", "zeropool", "signal"),
        ("re-entry", "swimmer", "exit status"),
        ("types", "poolshark, LPooled", "signal"),
        ("send", "lockfree-object-pool, Linear", "is Sync"),
    ] {
        let answer = answer(subject, capability);
        assert_eq!(answer.able, Some(false), "{capability}: {answer:?}");
        assert!(answer.evidence.contains(seen), "{capability}: {answer:?}");
    }
    assert_eq!(CAPABILITIES.len(), 11, "one of them is not tried above");
}

#[test]
fn left_out_where_objects_go_one_way_are_those_who_keep_them_all() {
    let keeps_all = |subject: &&&str| answer(subject, "one-way").able == Some(false);
    let found: Vec<&str> = SUBJECTS.iter().filter(keeps_all).copied().collect();
    assert_eq!(found, HOARDERS);
}

#[test]
fn what_never_ends_is_ended() {
    let answer = answer("lockfree-object-pool, Mutex", "re-entry");
    assert_eq!(answer.able, Some(false));
    assert!(answer.evidence.starts_with("never ends"), "{answer:?}");
}

#[test]
fn a_wrong_word_is_said_to_be_wrong() {
    let error = ask(Path::new(PROGRAM), "no such pool", "clears").unwrap_err();
    assert!(error.contains("no such pool"), "{error}");
    let output = Command::new(PROGRAM).arg("no such pool").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no such pool"));
}

#[test]
fn results_hold_every_answer() {
    let directory = std::env::temp_dir().join("millpond-capabilities");
    let status = Command::new(PROGRAM)
        .arg("millpond")
        .env("MILLPOND_RESULTS", &directory)
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    let text = std::fs::read_to_string(directory.join("capabilities.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), CAPABILITIES.len());
    for (line, asked) in lines.iter().zip(CAPABILITIES) {
        assert_eq!(line["bench"], "capabilities");
        assert_eq!(line["row"], "millpond");
        assert_eq!(line["kind"], "pool");
        assert_eq!(line["capability"], asked.name);
        assert_eq!(line["question"], asked.question);
        assert_eq!(line["able"], true);
        assert!(line["evidence"].is_string());
    }
}
