//! Where more than one thread is at it. Judged by medians: the best round of threads
//! that share something is the one in which they happened to meet least.

use super::{AHEAD, Targets, for_each_source};
use crate::for_each_passing_peer;
use crate::peers::{
    HOARDERS, Linear, Mutex, ObjectPool, Opool, OpoolCleared, PoolsharkGlobal, PoolsharkLocal,
    Regex, Slab, SlabOwned, SpinLock, Swimmer,
};
use millpond_bench::churn::{self, short_lived, thread_per_task};
use millpond_bench::cycle::empty;
use millpond_bench::handoff::{FAN_IN, FAN_OUT, PAIR, borrowing, dropping, nothing};
use millpond_bench::item::Map;
use millpond_bench::plan::Plan;
use millpond_bench::source::{IDLE, Kind, Lend, Malloc, Millpond, Source, ThreadLocal, warm};
use millpond_bench::table::Table;
use millpond_bench::target::{Judge, Target};
use millpond_bench::threads::{Stages, Took, cores, each_does, numbers};
use std::time::Duration;

const ALONE: &str = "millpond, one thread";

const STEP: u64 = 16;

/// So many cycles by each of so many threads. One of each takes all of them the time
/// of one, which is told as if they had taken turns: the time of an operation is then
/// that of one thread's.
fn cycles<S: Lend<Map>>(threads: usize) -> impl FnMut(u64) -> Took {
    move |n| {
        let mut took = each_does(threads, n, || warm::<S, Map>(1), empty::<S>);
        took.time *= threads as u32;
        took
    }
}

/// Several threads, each on its own.
pub(crate) fn contention(plan: &Plan, targets: Targets) {
    for threads in numbers() {
        // Rounds are long beside the start of a thread, and short beside a time slice,
        // unless time slices are what is to be measured.
        let (round, rounds) = if threads > cores() {
            (Duration::from_millis(20), 15)
        } else {
            (Duration::from_micros(600), 60)
        };
        let id = format!("contention-{threads}");
        let title = format!("get + drop by each of {threads} threads (ratio to made and dropped)");
        let mut table = Table::new(&id, &title, round, Judge::Median);
        macro_rules! row {
            ($source:ty) => {
                table
                    .timed(<$source>::NAME, <$source>::KIND, cycles::<$source>(threads))
                    .in_units(threads, STEP);
            };
        }
        for_each_source!(row);
        let mut goals = vec![AHEAD];
        if (2..=cores()).contains(&threads) {
            table
                // What no number of threads can be better than.
                .timed(ALONE, Kind::Limit, cycles::<Millpond>(1))
                .in_units(1, STEP);
            goals.push(Target::Ratio(Millpond::NAME, 1.15, &[ALONE]));
        }
        plan.print(table, rounds, &targets.of(&goals, &[]));
    }
}

/// Why [`HOARDERS`] are left out.
const HOARDS: &str = "It keeps what a thread drops where others seldom or never look, and nothing \
    bounds that: of objects that go one way it may keep every one. See one-way, under what \
    each can do.";

/// Rounds of threads that wait for each other, which differ from one another by more than
/// pools do.
const MEETINGS: usize = 200;

/// Borrowed on one thread, given back on another: by one that only drops, and, in tables of
/// their own, by one that has borrowed. Some pools have a shorter way back then, and are to
/// be held against the others on the same work.
pub(crate) fn handoff(plan: &Plan, targets: Targets) {
    let glibc = [
        Target::Ratio(Millpond::NAME, 0.9, &[PoolsharkGlobal::NAME]),
        Target::Ratio(Millpond::NAME, 0.35, &[Malloc::NAME]),
    ];
    macro_rules! printing {
        ($work:ident) => {
            |id, title, stages: Stages, glibc: &[Target<'_>]| {
                let mut table = Table::new(id, title, Duration::from_millis(2), Judge::Median);
                macro_rules! row {
                    ($source:ty) => {
                        warm::<$source, Map>(IDLE / 2);
                        table.timed(<$source>::NAME, <$source>::KIND, move |n| {
                            $work::<$source>(n, stages)
                        });
                    };
                }
                row!(Malloc);
                row!(Millpond);
                row!(ThreadLocal);
                for_each_passing_peer!(row);
                table.timed("nothing but the queue", Kind::Limit, move |n| {
                    nothing(n, stages)
                });
                for name in HOARDERS {
                    table.left_out(name, Kind::Peer, HOARDS);
                }
                plan.print(table, MEETINGS, &targets.of(&[AHEAD], glibc));
            }
        };
    }
    let print = printing!(dropping);
    print(
        "handoff",
        "get on one thread, drop on another (ratio to made and dropped)",
        PAIR,
        &glibc,
    );
    print(
        "fan-in",
        "get on four threads, drop on one (ratio to made and dropped)",
        FAN_IN,
        &[],
    );
    print(
        "fan-out",
        "get on one thread, drop on four (ratio to made and dropped)",
        FAN_OUT,
        &[],
    );
    let print = printing!(borrowing);
    print(
        "handoff-borrowing",
        "get on one thread, drop on another that has borrowed (ratio to made and dropped)",
        PAIR,
        &glibc,
    );
    print(
        "fan-in-borrowing",
        "get on four threads, drop on one that has borrowed (ratio to made and dropped)",
        FAN_IN,
        &[],
    );
    print(
        "fan-out-borrowing",
        "get on one thread, drop on four that have borrowed (ratio to made and dropped)",
        FAN_OUT,
        &[],
    );
}

/// As it is timed from the inside, some two hundred threads; starting them takes longer. Of
/// a dozen, the first find the caches as the other rows left them, and not as threads of one
/// program do, of which each follows the last.
const CHURN: Duration = Duration::from_micros(1000);

/// Threads that come and go.
pub(crate) fn churn(plan: &Plan, targets: Targets) {
    macro_rules! table {
        ($id:literal, $title:literal, $work:ident) => {
            let mut table = Table::new($id, $title, CHURN, Judge::Median);
            macro_rules! row {
                ($source:ty) => {
                    table.timed(<$source>::NAME, <$source>::KIND, $work::<$source>);
                };
            }
            for_each_source!(row);
            table.timed("nothing but the thread", Kind::Limit, churn::nothing);
            table.timed("word of the thread's end", Kind::Limit, churn::seen_off);
            plan.print(table, 100, &targets.of(&[AHEAD], &[]));
        };
    }
    table!(
        "churn",
        "a thread that fills 16 maps and ends (ratio to made and dropped)",
        short_lived
    );
    table!(
        "churn-tasks",
        "a thread for each task of 4 maps, 8 at once (ratio to made and dropped)",
        thread_per_task
    );
}
