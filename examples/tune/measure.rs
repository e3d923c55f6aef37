//! The load on many pools in turn.
//!
//! The threads live as long as the measurement. In each round every pool gets one
//! slot, in an order that changes from round to round, so that a busy moment of
//! the machine hits all of them alike.
//!
//! Without a hand-over all threads are *borrowers*. With one, half of them are
//! *droppers*, each fed by one borrower or two through a bounded channel. (If
//! threads handed each other as many as they got, every one would have what it
//! needs, whatever its size.) The channel is a part of the time, the same for
//! every size.

use crate::load::Load;
use millpond::{Advice, Pool, Pooled, Stats, StringMap};
use std::hint::black_box;
use std::panic;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// How long a slot should take at least: about a scheduler's time slice, so that
/// even on a busy machine some run undisturbed.
const SLOT: Duration = Duration::from_millis(4);

/// Maps on their way from one borrower to its dropper, at most, if `depth` is not
/// more: so few that the shared tier could hold them all.
const QUEUE: usize = 64;

/// Without a hand-over, nothing can use more than twice the depth; with one,
/// nothing is known to use more than a tier that moves the longest batches.
const HANDED_OVER: usize = 64;

/// How the load is put on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) threads: usize,
    /// Of the machine.
    pub(crate) cores: usize,
    pub(crate) depth: usize,
    /// In percent.
    pub(crate) share: u8,
    pub(crate) rounds: u32,
}

impl Plan {
    pub(crate) fn droppers(&self) -> usize {
        match self.share {
            0 => 0,
            _ => self.threads / 2,
        }
    }

    pub(crate) fn borrowers(&self) -> usize {
        self.threads - self.droppers()
    }

    /// 0 and the powers of two, up to twice what the load can use, and what the
    /// library recommends.
    pub(crate) fn sizes(&self, advice: &Advice) -> Vec<usize> {
        let wanted = match self.share {
            0 => self.depth,
            _ => self.depth.max(HANDED_OVER),
        };
        let last = (2 * wanted).next_power_of_two().max(32);
        let powers = (0..).map(|n| 1 << n).take_while(|&size| size <= last);
        let advised = advice.local_capacity as usize;
        Self::in_order([0, advised].into_iter().chain(powers))
    }

    pub(crate) fn in_order(sizes: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut sizes: Vec<usize> = sizes.into_iter().collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

/// What one size came to.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) size: usize,
    /// What a borrower takes for one object: one number a round.
    pub(crate) nanos: Vec<f64>,
    /// Percentages of the gets.
    pub(crate) local: f64,
    pub(crate) global: f64,
    /// Heap bytes in the pool, when every object had come back.
    pub(crate) idle_bytes: u64,
}

type Map<'p> = Pooled<'p, StringMap>;

fn pool() -> Pool<StringMap> {
    // Time must not trim what a slot left for the next.
    Pool::new()
        .with_create(StringMap::new)
        .with_trim_interval(None)
}

/// Puts the load on a pool as it comes, for as long as its advice needs.
///
/// # Errors
///
/// If the system has no room for so many threads.
pub(crate) fn pilot(load: &Load, plan: &Plan) -> Result<Stats, String> {
    let pool = pool();
    with_crew(load, plan, |crew| {
        // Advice wants a thousand gets.
        let turns = 2_000_usize.div_ceil(plan.depth).max(2);
        crew.slot(&pool, turns);
        pool.stats()
    })
}

/// Measures every size.
///
/// # Errors
///
/// If the system has no room for so many threads.
pub(crate) fn run(
    load: &Load,
    plan: &Plan,
    sizes: &[usize],
    mut after_round: impl FnMut(),
) -> Result<Vec<Row>, String> {
    let pools: Vec<_> = sizes
        .iter()
        .map(|&size| pool().with_local_capacity(size))
        .collect();
    with_crew(load, plan, |crew| {
        let turns: Vec<usize> = pools.iter().map(|pool| crew.turns(pool)).collect();
        let warm: Vec<Stats> = pools.iter().map(Pool::stats).collect();
        let mut nanos = vec![Vec::with_capacity(plan.rounds as usize); sizes.len()];
        for round in 0..plan.rounds as usize {
            for turn in 0..sizes.len() {
                let index = (round + turn) % sizes.len();
                let time = crew.slot(&pools[index], turns[index]);
                nanos[index].push(plan.per_object(time, turns[index]));
            }
            after_round();
        }
        let rows = sizes.iter().zip(&pools).zip(&warm).zip(nanos);
        rows.map(|(((&size, pool), warm), nanos)| {
            let stats = pool.stats();
            let gets = (stats.gets - warm.gets) as f64;
            Row {
                size,
                nanos,
                local: 100.0 * (stats.local_hits - warm.local_hits) as f64 / gets,
                global: 100.0 * (stats.global_hits - warm.global_hits) as f64 / gets,
                idle_bytes: stats.idle_bytes,
            }
        })
        .collect()
    })
}

impl Plan {
    /// Nanoseconds that the borrowers' cores spent on one object.
    fn per_object(&self, time: Duration, turns: usize) -> f64 {
        let objects = self.borrowers() * turns * self.depth;
        let cores = self.borrowers().min(self.cores);
        time.as_nanos() as f64 * cores as f64 / objects as f64
    }
}

/// What the threads are told to do.
#[derive(Clone, Copy)]
struct Job<'p> {
    pool: &'p Pool<StringMap>,
    /// How many times a borrower borrows `depth` objects.
    turns: usize,
}

/// Start and end of a thread's part.
type Span = (Instant, Instant);

struct Crew<'p>(Vec<(Sender<Job<'p>>, Receiver<Span>)>, &'p Plan, usize);

/// What goes from borrowers to droppers.
enum Parcel<'p> {
    Maps(Vec<Map<'p>>),
    /// That was all of one borrower's for this slot.
    End,
}

/// Starts the threads, lets `work` give them orders, and ends them.
fn with_crew<'p, A>(
    load: &'p Load,
    plan: &'p Plan,
    work: impl FnOnce(&Crew<'p>) -> A,
) -> Result<A, String> {
    thread::scope(|scope| {
        let mut crew = Vec::with_capacity(plan.threads);
        let mut handles = Vec::with_capacity(plan.threads);
        let per_turn = (plan.depth * usize::from(plan.share)).div_ceil(100).max(1);
        let (to_droppers, from_borrowers): (Vec<_>, Vec<_>) = (0..plan.droppers())
            .map(|_| mpsc::sync_channel((QUEUE / per_turn).max(1)))
            .unzip();
        let mut from_borrowers = from_borrowers.into_iter();
        for index in 0..plan.threads {
            let (jobs, my_jobs) = mpsc::channel();
            let (my_spans, spans) = mpsc::channel();
            let builder = thread::Builder::new();
            let handle = if index < plan.borrowers() {
                let dropper = match plan.droppers() {
                    0 => None,
                    n => Some(to_droppers[index % n].clone()),
                };
                // Each starts elsewhere, or all would ask for the same at once.
                let first = load.len() * index / plan.borrowers();
                builder.spawn_scoped(scope, move || {
                    borrow(load, first, plan, dropper.as_ref(), &my_jobs, &my_spans);
                })
            } else {
                let inbox = from_borrowers.next().expect("one for each dropper");
                let own = index - plan.borrowers();
                let feeders = (own..plan.borrowers()).step_by(plan.droppers()).count();
                builder.spawn_scoped(scope, move || take_in(&inbox, feeders, &my_jobs, &my_spans))
            };
            handles
                .push(handle.map_err(|e| format!("cannot start {} threads: {e}", plan.threads))?);
            crew.push((jobs, spans));
        }
        // The borrowers have their own: if one dies, its dropper must notice.
        drop(to_droppers);
        let crew = Crew(crew, plan, load.len());
        let answer = work(&crew);
        // Without jobs the threads end. They are joined one by one, as the end of
        // the scope would not wait for what their thread-locals do last.
        drop(crew);
        for handle in handles {
            handle.join().unwrap_or_else(|e| panic::resume_unwind(e));
        }
        Ok(answer)
    })
}

impl<'p> Crew<'p> {
    /// From the first thread's start to the last one's end; each thread's own time
    /// would tell who was interrupted, not how much was done.
    ///
    /// # Panics
    ///
    /// If a thread has panicked.
    fn slot(&self, pool: &'p Pool<StringMap>, turns: usize) -> Duration {
        for (jobs, _) in &self.0 {
            // One that is gone is noticed below.
            let _ = jobs.send(Job { pool, turns });
        }
        let spans = self.0.iter().map(|(_, spans)| spans.recv());
        let spans: Vec<Span> = spans.map(|s| s.expect("a thread panicked")).collect();
        let first = spans.iter().map(|span| span.0).min();
        let last = spans.iter().map(|span| span.1).max();
        first.zip(last).map_or(Duration::ZERO, |(a, b)| b - a)
    }

    /// How many turns fill a slot. Warms up.
    fn turns(&self, pool: &'p Pool<StringMap>) -> usize {
        // Each map has met every name that it will meet.
        let warm = (4 * self.2).div_ceil(self.1.depth).max(4);
        self.slot(pool, warm);
        let time = self.slot(pool, warm).as_secs_f64().max(1e-9);
        let turns = warm as f64 * SLOT.as_secs_f64() / time;
        (turns.ceil() as usize).clamp(1, 1_000_000)
    }
}

/// A borrower.
fn borrow<'p>(
    load: &Load,
    first: usize,
    plan: &Plan,
    dropper: Option<&SyncSender<Parcel<'p>>>,
    jobs: &Receiver<Job<'p>>,
    spans: &Sender<Span>,
) {
    let mut n = first;
    let mut held = Vec::with_capacity(plan.depth);
    let mut owed = 0;
    for Job { pool, turns } in jobs {
        let start = Instant::now();
        for _ in 0..turns {
            for _ in 0..plan.depth {
                let mut map = pool.get();
                load.fill(n, &mut map);
                n = n.wrapping_add(1);
                held.push(map);
            }
            black_box(&held);
            let Some(dropper) = dropper else {
                held.clear();
                continue;
            };
            owed += plan.depth * usize::from(plan.share);
            let handed = held.split_off(plan.depth - owed / 100);
            owed %= 100;
            held.clear();
            if !handed.is_empty() && dropper.send(Parcel::Maps(handed)).is_err() {
                return;
            }
        }
        if dropper.is_some_and(|dropper| dropper.send(Parcel::End).is_err()) {
            return;
        }
        if spans.send((start, Instant::now())).is_err() {
            return;
        }
    }
}

/// A dropper.
fn take_in(
    inbox: &Receiver<Parcel<'_>>,
    feeders: usize,
    jobs: &Receiver<Job<'_>>,
    spans: &Sender<Span>,
) {
    for _ in jobs {
        let start = Instant::now();
        let mut ends = 0;
        while ends < feeders {
            match inbox.recv() {
                Ok(Parcel::Maps(maps)) => drop(black_box(maps)),
                Ok(Parcel::End) => ends += 1,
                Err(_) => return,
            }
        }
        if spans.send((start, Instant::now())).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millpond::Reason;

    fn plan(threads: usize, depth: usize, share: u8) -> Plan {
        Plan {
            threads,
            cores: 2,
            depth,
            share,
            rounds: 2,
        }
    }

    #[test]
    fn sizes_go_up_to_twice_what_the_load_can_use() {
        let advice = |plan: &Plan| pilot(&Load::synthetic(1), plan).unwrap().advice();
        let deep = plan(1, 100, 0);
        assert_eq!(
            deep.sizes(&advice(&deep)),
            [0, 1, 2, 4, 8, 16, 32, 64, 104, 128, 256]
        );
        let flat = plan(1, 1, 0);
        assert_eq!(flat.sizes(&advice(&flat)), [0, 1, 2, 4, 8, 16, 32]);
        let handed = plan(2, 1, 50);
        assert_eq!(handed.sizes(&advice(&handed)).last(), Some(&128));
        assert_eq!(Plan::in_order([4, 0, 4]), [0, 4]);
    }

    #[test]
    fn the_pilot_sees_what_the_load_is_like() {
        let reason = |plan| pilot(&Load::synthetic(1), &plan).unwrap().advice().reason;
        assert_eq!(reason(plan(1, 1, 0)), Reason::Shallow);
        assert_eq!(reason(plan(1, 50, 0)), Reason::Depth(50));
        assert_eq!(reason(plan(2, 4, 100)), Reason::HandOver);
    }

    #[test]
    fn the_share_is_exact() {
        for (threads, depth, share) in [(2, 1, 30), (2, 12, 50), (3, 7, 1), (5, 3, 100)] {
            let plan = plan(threads, depth, share);
            let pool = pool();
            let handed = with_crew(&Load::synthetic(1), &plan, |crew| {
                // A multiple of what makes a whole number of handed-over maps.
                crew.slot(&pool, 200);
                pool.stats().handed_over
            });
            let gets = (plan.borrowers() * 200 * depth) as u64;
            assert_eq!(pool.stats().gets, gets);
            assert_eq!(pool.stats().in_use, 0);
            assert_eq!(handed, Ok(gets * u64::from(share) / 100), "{plan:?}");
        }
    }

    #[test]
    fn every_size_gets_a_number_for_every_round() {
        for plan in [plan(3, 20, 0), plan(3, 20, 40)] {
            let mut ticks = 0;
            let rows = run(&Load::synthetic(3), &plan, &[0, 1, 32], || ticks += 1).unwrap();
            assert_eq!(ticks, 2);
            assert_eq!(
                rows.iter().map(|row| row.size).collect::<Vec<_>>(),
                [0, 1, 32]
            );
            for row in &rows {
                assert!(row.nanos.len() == 2 && row.nanos.iter().all(|&n| n > 0.0));
                assert!(row.local + row.global <= 100.0 + 1e-9, "{row:?}");
                assert!(row.idle_bytes > 0);
            }
            assert_eq!(rows[0].local, 0.0, "no tier, no hits in it");
            if plan.share == 0 {
                assert_eq!((rows[2].local, rows[2].global), (100.0, 0.0));
            }
        }
    }
}
