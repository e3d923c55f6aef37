//! Objects that are filled with what programs fill them with: headers, strings, bytes.

use super::{AHEAD, Targets, for_each_source};
use crate::peers::buffers::{self, Zeropool};
use crate::peers::{
    Linear, Mutex, ObjectPool, Opool, PoolsharkGlobal, PoolsharkLocal, Regex, Slab, SpinLock,
    Swimmer,
};
use crate::{for_each_general_peer, for_each_peer};
use millpond::{StringList, StringMap};
use millpond_bench::corpus::Request;
use millpond_bench::item::{Buffer, Headers, Item, Texts};
use millpond_bench::plan::Plan;
use millpond_bench::requests::Candidate;
use millpond_bench::source::{Kind, Malloc, Millpond, Source, ThreadLocal};
use millpond_bench::table::Table;
use millpond_bench::target::{Judge, Target};
use millpond_bench::{requests as headers, strings as lists};
use std::time::Duration;

/// Several passes over the corpus: of a single one, finding the caches as twenty other
/// rows left them would be a fifth.
const PASSES: Duration = Duration::from_millis(2);

fn print_requests(
    plan: &Plan,
    (id, title): (&str, &str),
    requests: usize,
    candidates: Vec<Candidate<'_>>,
    targets: &[Target<'_>],
) {
    let mut table = Table::new(id, title, PASSES, Judge::Best);
    for candidate in candidates {
        table.batch(candidate.name, candidate.kind, requests, candidate.work);
    }
    plan.print(table, 100, targets);
}

/// Every way to do it, and those ways that differ in the pool alone, checked.
fn candidates(corpus: &[Request]) -> (Vec<Candidate<'_>>, Vec<Candidate<'_>>) {
    let mut all = headers::candidates(corpus);
    macro_rules! row {
        ($source:ty) => {
            all.push(Candidate::lent::<$source, Headers>(<$source>::NAME, corpus));
        };
    }
    for_each_peer!(row);
    let mut same = Vec::new();
    macro_rules! row {
        ($source:ty) => {
            same.push(Candidate::lent::<$source, StringMap>(
                <$source>::NAME,
                corpus,
            ));
        };
    }
    row!(Malloc);
    row!(Millpond);
    row!(ThreadLocal);
    for_each_general_peer!(row);
    same.push(headers::in_place(
        headers::STRING_MAP,
        corpus,
        StringMap::new,
    ));
    for candidate in all.iter_mut().chain(&mut same) {
        candidate.check(corpus);
    }
    (all, same)
}

/// The headers of a request into a map of strings.
pub(crate) fn requests(plan: &Plan, targets: Targets) {
    let all = (
        "requests",
        "headers of a request into a map (ratio to a fresh map of strings)",
    );
    let same = (
        "requests-same-map",
        "headers of a request into a StringMap, from each pool (ratio to made and dropped)",
    );
    if !plan.wants(all.0, all.1) && !plan.wants(same.0, same.1) {
        return;
    }
    let corpus = plan.requests();
    let (candidates, same_map) = candidates(&corpus);

    // Not the same work, and so no comparison of pools: what is recommended here should
    // not be slower than what one has with another pool.
    let mut goals = vec![Target::Peers(headers::POOLED, 1.0)];
    for row in [headers::STRING_MAP, headers::POOLED] {
        goals.push(Target::NoAllocations(row));
        goals.push(Target::Ratio(row, 0.6, &[headers::BORROWED]));
        let of_fresh = targets.of_fresh.iter();
        goals.extend(of_fresh.map(|most| Target::Ratio(row, *most, &[headers::FRESH])));
    }
    print_requests(plan, all, corpus.len(), candidates, &goals);
    print_requests(plan, same, corpus.len(), same_map, &[]);
}

/// Sixteen strings into a list.
pub(crate) fn strings(plan: &Plan, targets: Targets) {
    let all = ("strings", "16 strings into a list (ratio to a fresh list)");
    let same = (
        "strings-same-list",
        "16 strings into a StringList, from each pool (ratio to made and dropped)",
    );
    if !plan.wants(all.0, all.1) && !plan.wants(same.0, same.1) {
        return;
    }
    let corpus = plan.requests();
    let texts = lists::lists(&corpus);
    let mut candidates = lists::candidates(&texts);
    macro_rules! row {
        ($source:ty) => {
            candidates.push(lists::lent::<$source, Texts>(<$source>::NAME, &texts));
        };
    }
    for_each_peer!(row);
    let mut same_list = Vec::new();
    macro_rules! row {
        ($source:ty) => {
            same_list.push(lists::lent::<$source, StringList>(<$source>::NAME, &texts));
        };
    }
    row!(Malloc);
    row!(Millpond);
    row!(ThreadLocal);
    for_each_general_peer!(row);
    same_list.push(lists::in_place::<StringList>(
        lists::STRING_LIST,
        Kind::Limit,
        &texts,
    ));

    let print = |(id, title), candidates: Vec<lists::Candidate<'_>>, goals: &[Target<'_>]| {
        let mut table = Table::new(id, title, PASSES, Judge::Best);
        for (name, kind, work) in candidates {
            table.batch(name, kind, texts.len(), work);
        }
        plan.print(table, 200, goals);
    };
    let always = [
        // As of requests.
        Target::Peers(lists::POOLED, 1.0),
        Target::NoAllocations(lists::STRING_LIST),
        Target::NoAllocations(lists::POOLED),
    ];
    let glibc = [
        Target::Ratio(lists::STRING_LIST, 0.3, &[lists::FRESH]),
        Target::Ratio(lists::POOLED, 0.3, &[lists::FRESH]),
    ];
    print(all, candidates, &targets.of(&always, &glibc));
    print(same, same_list, &[]);
}

/// A kilobyte into a buffer: what zeropool, which lends nothing else, can do too.
pub(crate) fn buffers(plan: &Plan, targets: Targets) {
    let text: &[u8] = &[b'a'; 1024];
    let title = "1 KiB into a buffer of 4 KiB (ratio to made and dropped)";
    let mut table = Table::new("buffers", title, Duration::from_micros(200), Judge::Best);
    macro_rules! row {
        ($source:ty) => {
            buffers::check::<$source>(text);
            table.row(<$source>::NAME, <$source>::KIND, move |n| {
                buffers::filled::<$source>(n, text);
            });
        };
    }
    for_each_source!(row);
    Zeropool::check(text);
    table.row(Zeropool::NAME, Zeropool::KIND, move |n| {
        Zeropool::filled(n, text);
    });
    let mut buffer = Buffer::make();
    table.row("one buffer, in place", Kind::Limit, move |n| {
        buffers::fill_in_place(&mut buffer, n, text);
    });
    let always = [AHEAD, Target::NoAllocations(Millpond::NAME)];
    plan.print(table, 500, &targets.of(&always, &[]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use millpond_bench::corpus;

    #[test]
    fn every_way_answers_every_request_alike() {
        let corpus = corpus::requests();
        let (all, same) = candidates(&corpus);
        let answering = all.iter().filter(|candidate| candidate.answer.is_some());
        // All but the borrowed map, the cleared one and the copying.
        assert_eq!(answering.count(), all.len() - 3);
        assert!(same.iter().all(|candidate| candidate.answer.is_some()));
    }
}
