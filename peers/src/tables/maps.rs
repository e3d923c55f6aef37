//! A map borrowed and given back on one thread.

use super::{AHEAD, Targets, for_each_source};
use crate::peers::{
    Linear, Mutex, ObjectPool, Opool, PoolsharkGlobal, PoolsharkLocal, Regex, Slab, SpinLock,
    Swimmer,
};
use millpond_bench::cycle::{empty, insert, insert_in_place, nested2, nested4, nested8, nested16};
use millpond_bench::item::{Item, Map};
use millpond_bench::plan::Plan;
use millpond_bench::source::{Kind, Malloc, Millpond, Source, ThreadLocal, check, warm};
use millpond_bench::table::Table;
use millpond_bench::target::{Judge, Target};
use std::time::Duration;

const SHORT: Duration = Duration::from_micros(200);
const ROUNDS: usize = 500;
const IN_PLACE: &str = "one map, in place";

pub(crate) fn maps(plan: &Plan, targets: Targets) {
    macro_rules! prepare {
        ($source:ty) => {
            check::<$source, Map>();
            warm::<$source, Map>(16);
        };
    }
    for_each_source!(prepare);

    macro_rules! table {
        ($id:literal, $title:literal, $work:ident, [$($targets:expr),*]) => {
            let mut table = Table::new($id, $title, SHORT, Judge::Best);
            macro_rules! row {
                ($source:ty) => {
                    table.row(<$source>::NAME, <$source>::KIND, $work::<$source>);
                };
            }
            for_each_source!(row);
            let always = [AHEAD, Target::NoAllocations(Millpond::NAME)];
            plan.print(table, ROUNDS, &targets.of(&always, &[$($targets),*]));
        };
    }
    table!(
        "cycle",
        "get + drop of one warm HashMap<u64, u64> (ratio to made and dropped)",
        empty,
        [
            Target::Ratio(Millpond::NAME, 0.55, &[Malloc::NAME]),
            Target::Peers(Millpond::NAME, 0.45)
        ]
    );
    one_insert(plan, targets);
    table!(
        "nested-2",
        "two nested guards, per object (ratio to made and dropped)",
        nested2,
        []
    );
    table!(
        "nested-4",
        "four nested guards, per object (ratio to made and dropped)",
        nested4,
        [Target::Ratio(Millpond::NAME, 0.6, &[Malloc::NAME])]
    );
    table!(
        "nested-8",
        "eight nested guards, per object (ratio to made and dropped)",
        nested8,
        []
    );
    table!(
        "nested-16",
        "sixteen nested guards, per object (ratio to made and dropped)",
        nested16,
        []
    );
}

fn one_insert(plan: &Plan, targets: Targets) {
    let title = "get + one insert + drop of a warm map (ratio to one map reused in place)";
    let mut table = Table::new("insert", title, SHORT, Judge::Best);
    let mut map = Map::make();
    table.row(IN_PLACE, Kind::Limit, move |n| insert_in_place(&mut map, n));
    macro_rules! row {
        ($source:ty) => {
            table.row(<$source>::NAME, <$source>::KIND, insert::<$source>);
        };
    }
    for_each_source!(row);
    let always = [AHEAD, Target::NoAllocations(Millpond::NAME)];
    let glibc = [Target::Ratio(Millpond::NAME, 1.4, &[IN_PLACE])];
    plan.print(table, ROUNDS, &targets.of(&always, &glibc));
}
