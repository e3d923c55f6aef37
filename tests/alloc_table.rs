//! Counts as people read them: alone, for each operation, and side by side. With
//! mimalloc underneath, since the allocator that counts may be around any.

use millpond::alloc::{Counting, Counts, Table, count};
use mimalloc::MiMalloc;
use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting<MiMalloc> = Counting::new(MiMalloc);

fn counts(allocations: u64, reallocations: u64, bytes: u64) -> Counts {
    let mut counts = Counts::default();
    counts.allocations = allocations;
    counts.reallocations = reallocations;
    counts.bytes_allocated = bytes;
    counts
}

#[test]
fn another_allocator_is_counted_as_well() {
    let ((), counts) = count(|| {
        let mut bytes: Vec<u8> = black_box(Vec::with_capacity(10));
        bytes.reserve_exact(30);
        drop(black_box(vec![0_u8; 100]));
    });
    assert_eq!((counts.allocations, counts.reallocations), (2, 1));
    assert_eq!((counts.bytes_allocated, counts.bytes_freed), (130, 130));
}

#[test]
fn counts_for_a_person() {
    let mut some = counts(1_234, 5, 3 << 20);
    some.deallocations = 1_300;
    some.bytes_freed = 4 << 20;
    let text = "\
allocations            1,234      3.0 MiB
reallocations              5             
deallocations          1,300      4.0 MiB
still live               -66     -1.0 MiB";
    assert_eq!(some.to_string(), text);
    let per = some.per(1_000).to_string();
    assert_eq!(per, "1.23 allocations, <0.01 reallocations, 3,146 bytes");
}

#[test]
fn counts_add_up_and_are_taken_apart() {
    let (a, b) = (counts(3, 2, 100), counts(1, 1, 10));
    assert_eq!(a - b, counts(2, 1, 90));
    assert_eq!(a - b + b, a);
    let mut sum = a;
    sum += b;
    assert_eq!(sum - a, b);
    assert_eq!(a.calls(), 5);
    let per = a.per(4);
    assert_eq!((per.allocations, per.bytes_allocated), (0.75, 25.0));
}

#[test]
#[should_panic(expected = "subtract the earlier counts")]
fn later_counts_are_not_taken_from_earlier_ones() {
    let _ = counts(1, 1, 1) - counts(2, 0, 0);
}

#[test]
#[should_panic(expected = "no operations")]
fn nothing_is_not_shared_out() {
    let _ = counts(1, 1, 1).per(0);
}

#[test]
fn a_table_of_counts_alone() {
    let mut table = Table::new("a question");
    table.insert("fresh", 1_000, counts(29_500, 1_200, 1_203_000));
    table.insert("gepült, übrig", 1_000, counts(26_900, 1, 463_400));
    table.insert("pooled", 1_000, counts(0, 0, 0));
    let text = "\
a question; per operation, 1,000 counted
               allocations  reallocations  bytes
fresh                 29.5           1.20  1,203
gepült, übrig         26.9          <0.01  463.4
pooled                   0              0      0";
    assert_eq!(table.to_string(), text);
    let text = "\
| a question; per operation, 1,000 counted | allocations | reallocations | bytes |
|---|---:|---:|---:|
| fresh | 29.5 | 1.20 | 1,203 |
| gepült, übrig | 26.9 | <0.01 | 463.4 |
| pooled | 0 | 0 | 0 |";
    assert_eq!(table.markdown().to_string(), text);
}

#[test]
fn a_table_with_times_and_gaps() {
    let mut table = Table::new("a | question").with_batch(10);
    table.insert("a|b", 20, counts(20, 0, 200));
    let took = table.time("slow", 2, || std::thread::sleep(Duration::from_millis(2)));
    assert!(took >= Duration::from_millis(4));
    let nanoseconds = table.rows()[1].nanoseconds().unwrap();
    // Two calls of ten operations each.
    assert!((nanoseconds - took.as_secs_f64() * 1e9 / 20.0).abs() < 1.0);
    // The best stays.
    table.time("slow", 1, || std::thread::sleep(Duration::from_millis(200)));
    assert_eq!(table.rows()[1].nanoseconds(), Some(nanoseconds));
    let lines: Vec<String> = table.to_string().lines().map(str::to_owned).collect();
    assert_eq!(
        lines[1].split_whitespace().collect::<Vec<_>>(),
        ["best", "ns", "allocations", "reallocations", "bytes"]
    );
    assert_eq!(
        lines[2].split_whitespace().collect::<Vec<_>>(),
        ["a|b", "-", "1", "0", "10"]
    );
    assert!(lines[3].starts_with("slow") && lines[3].ends_with("-"));
    assert!(
        table
            .markdown()
            .to_string()
            .contains("\n| a\\|b | - | 1 | 0 | 10 |\n")
    );
}

#[test]
fn work_is_warmed_up_and_counted_a_call_at_a_time() {
    let mut calls = 0_u64;
    let mut table = Table::new("work")
        .with_warm_up(5)
        .with_calls(20)
        .with_batch(3);
    table.count("list", || {
        calls += 1;
        // Until it is warm, more.
        vec![0_u8; if calls <= 5 { 1 << 20 } else { 30 }]
    });
    assert_eq!(calls, 25);
    let row = &table.rows()[0];
    assert_eq!((row.name(), row.operations()), ("list", Some(60)));
    let counts = row.counts().unwrap();
    assert_eq!((counts.allocations, counts.bytes_allocated), (20, 600));
    assert_eq!(counts.live_blocks(), 0);
    assert_eq!(row.per_operation().unwrap().bytes_allocated, 10.0);
    assert_eq!(row.nanoseconds(), None);
    // Counted anew under the same name.
    table.count("list", || ());
    assert_eq!(table.rows().len(), 1);
    assert_eq!(table.rows()[0].counts(), Some(Counts::default()));
}

#[test]
fn rows_of_unlike_counts_say_so() {
    let mut table = Table::new("x");
    assert_eq!(
        table.to_string().lines().next(),
        Some("x; per operation, none counted")
    );
    table.insert("a", 10, Counts::default());
    table.insert("b", 2_000, Counts::default());
    assert!(
        table
            .to_string()
            .starts_with("x; per operation, 10 to 2,000 counted\n")
    );
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let message = |work: fn()| {
        let payload = std::panic::catch_unwind(work).unwrap_err();
        payload.downcast_ref::<&str>().unwrap().to_string()
    };
    assert!(message(|| drop(Table::new("").with_calls(0))).contains("at least one call"));
    assert!(message(|| drop(Table::new("").with_batch(0))).contains("at least one operation"));
    let none = || Table::new("").insert("", 0, Counts::default());
    assert!(message(none).contains("no operations"));
}

#[cfg(feature = "serde")]
#[test]
fn programs_read_rows_and_counts() {
    use serde_json::{from_value, json, to_value};

    let mut table = Table::new("a question").with_batch(2);
    table.insert("pooled", 7, counts(3, 2, 100));
    let written = json!({
        "name": "pooled", "operations": 7,
        "allocations": 3, "reallocations": 2, "deallocations": 0,
        "bytes_allocated": 100, "bytes_freed": 0,
    });
    assert_eq!(to_value(&table.rows()[0]).unwrap(), written);
    let whole = json!({ "title": "a question", "rows": [written] });
    assert_eq!(to_value(&table).unwrap(), whole);
    // What is not known to be a count is passed over, and what is missing is 0.
    assert_eq!(from_value::<Counts>(written).unwrap(), counts(3, 2, 100));
    table.time("timed", 1, || ());
    let timed = to_value(&table.rows()[1]).unwrap();
    let best = table.rows()[1].nanoseconds();
    assert_eq!(timed, json!({ "name": "timed", "best_ns": best }));
}
