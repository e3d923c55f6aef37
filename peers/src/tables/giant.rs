//! What one giant costs the requests after it.

use super::{AHEAD, Targets, for_each_source};
use crate::peers::{
    Linear, Mutex, ObjectPool, Opool, PoolsharkGlobal, PoolsharkLocal, Regex, Slab, SpinLock,
    Swimmer,
};
use millpond_bench::giant::{after, before, in_place, worst};
use millpond_bench::item::{Giant, Item};
use millpond_bench::plan::Plan;
use millpond_bench::source::{Kind, Malloc, Millpond, Source, ThreadLocal};
use millpond_bench::table::Table;
use millpond_bench::target::Judge;
use std::time::Duration;

pub(crate) fn giant(plan: &Plan, targets: Targets) {
    let short = Duration::from_micros(200);
    macro_rules! table {
        ($id:literal, $title:literal, $round:expr, $rounds:literal, $work:ident, $step:literal) => {
            let mut table = Table::new($id, $title, $round, Judge::Best);
            macro_rules! row {
                ($source:ty) => {
                    table
                        .timed(<$source>::NAME, <$source>::KIND, $work::<$source>)
                        .in_units(1, $step);
                };
            }
            for_each_source!(row);
            let mut map = Giant::make();
            table.row("one map, in place", Kind::Limit, move |n| {
                in_place(&mut map, n)
            });
            plan.print(table, $rounds, &targets.of(&[AHEAD], &[]));
        };
    }
    table!(
        "giant-before",
        "a request of 4 entries, before any giant (ratio to made and dropped)",
        short,
        200,
        before,
        16
    );
    table!(
        "giant-worst",
        "the worst of 10 requests after one of 1,000,000 entries (ratio to made and dropped)",
        Duration::ZERO,
        12,
        worst,
        1
    );
    table!(
        "giant-after",
        "a request of 4 entries, from the tenth after a giant (ratio to made and dropped)",
        // Some pools take four hundred times as long from here on.
        Duration::from_micros(20),
        12,
        after,
        16
    );
}
