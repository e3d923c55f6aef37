//! The loads that the series were recorded from.

use millpond::sampler::{Point, Sampler};
use millpond::{Pool, Recycle, Retention};
use std::collections::HashMap;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// Time between points.
const EVERY: Duration = Duration::from_millis(25);

/// A series takes so long.
const LENGTH: Duration = Duration::from_secs(6);

/// Runs a load and records it.
type Load = fn() -> Vec<Point>;

/// Every load by name, and how it is recorded.
pub(crate) const LOADS: [(&str, Load); 10] = [
    ("forgotten_guards", || forgotten_guards(LENGTH)),
    ("slow_leak_noisy_load", slow_leak),
    ("growing_maps", growing_maps),
    ("rising_load", rising_load),
    ("warm_up", warm_up),
    ("steady", || steady(LENGTH)),
    ("bursts", bursts),
    ("daily_wave", daily_wave),
    ("restart", restart),
    ("idle", idle),
];

/// Three in a hundred requests put their guard where nobody looks again.
fn forgotten_guards(length: Duration) -> Vec<Point> {
    record(buffers(), length, 3, |pool, worker| {
        let guard = pool.get();
        worker.pause(0.5, 1.5);
        if worker.chance(0.03) {
            std::mem::forget(guard);
        }
    })
}

/// Requests that hold from none to six objects each, for different times; one object
/// is lost about every half second.
fn slow_leak() -> Vec<Point> {
    record(buffers(), LENGTH, 4, |pool, worker| {
        let held: Vec<_> = (0..worker.below(7)).map(|_| pool.get()).collect();
        worker.pause(0.5, 8.0);
        drop(held);
        worker.pause(0.5, 3.0);
        if worker.number == 0 && worker.every(Duration::from_millis(500)) {
            std::mem::forget(pool.get());
        }
    })
}

/// Maps that hold more and more, with a policy that lets them.
fn growing_maps() -> Vec<Point> {
    let pool = Pool::from_fn(|| HashMap::<u64, u64>::with_capacity(8))
        .with_retention(Retention::keep_all());
    record(pool, LENGTH, 3, |pool, worker| {
        let mut held: Vec<_> = (0..4).map(|_| pool.get()).collect();
        for map in &mut held {
            let most = 20 + (4_000.0 * worker.progress()) as u64;
            let n = worker.below(most);
            map.extend((0..n).map(|key| (key, key)));
        }
        drop(held);
        worker.pause(4.0, 8.0);
    })
}

/// Steady requests, of which there are ever more at once.
fn rising_load() -> Vec<Point> {
    record(buffers(), LENGTH, 4, |pool, worker| {
        let n = 2 + (20.0 * worker.progress()) as u64;
        let held: Vec<_> = (0..n).map(|_| pool.get()).collect();
        worker.pause(1.5, 2.5);
        drop(held);
    })
}

/// Connections are opened in the first fifth, and stay.
fn warm_up() -> Vec<Point> {
    record_with(buffers(), LENGTH, 4, |pool, worker| {
        let mut held = Vec::new();
        while worker.goes_on() {
            if held.len() < 20 && worker.progress() > 0.01 * held.len() as f64 {
                held.push(pool.get());
            }
            drop(pool.get());
            worker.pause(0.5, 2.0);
        }
    })
}

/// The same requests all the time.
fn steady(length: Duration) -> Vec<Point> {
    record(buffers(), length, 4, |pool, worker| {
        let held: Vec<_> = (0..1 + worker.below(3)).map(|_| pool.get()).collect();
        worker.pause(0.5, 3.0);
        drop(held);
    })
}

/// Calm, and every now and then a burst that holds fifty objects for a while.
fn bursts() -> Vec<Point> {
    record(buffers(), LENGTH, 2, |pool, worker| {
        if worker.number == 0 && worker.chance(0.01) {
            let _burst: Vec<_> = (0..50).map(|_| pool.get()).collect();
            worker.pause(50.0, 400.0);
        }
        let held = pool.get();
        worker.pause(0.5, 2.0);
        drop(held);
    })
}

/// Two days, with forty times the load at noon.
fn daily_wave() -> Vec<Point> {
    record(buffers(), LENGTH, 4, |pool, worker| {
        let wave = (1.0 - (worker.progress() * 4.0 * std::f64::consts::PI).cos()) / 2.0;
        let n = 1 + (40.0 * wave) as u64;
        let held: Vec<_> = (0..n).map(|_| pool.get()).collect();
        worker.pause(1.5, 2.5);
        drop(held);
    })
}

/// A process that leaks until it is started anew, without the leak.
fn restart() -> Vec<Point> {
    let mut points = forgotten_guards(LENGTH / 2);
    let end = points
        .last()
        .map_or(Duration::ZERO, |point| point.at + EVERY);
    let anew = steady(LENGTH / 2).into_iter();
    points.extend(anew.map(|point| Point::new(end + point.at, point.stats)));
    points
}

/// Used once, with a guard that is kept.
fn idle() -> Vec<Point> {
    record_with(buffers(), LENGTH, 1, |pool, worker| {
        let held: Vec<_> = (0..10).map(|_| pool.get()).collect();
        drop(held);
        let _kept = pool.get();
        while worker.goes_on() {
            worker.pause(10.0, 10.0);
        }
    })
}

fn buffers() -> Pool<Vec<u8>> {
    Pool::from_fn(|| Vec::with_capacity(1_000))
}

/// Records the pool while workers do one thing over and over.
fn record<T: Recycle + Send + 'static>(
    pool: Pool<T>,
    length: Duration,
    workers: u64,
    request: impl Fn(&Pool<T>, &mut Worker) + Sync,
) -> Vec<Point> {
    record_with(pool, length, workers, |pool, worker| {
        while worker.goes_on() {
            request(pool, worker);
        }
    })
}

/// Records the pool while workers run until they are told that it is over.
fn record_with<T: Recycle + Send + 'static>(
    pool: Pool<T>,
    length: Duration,
    workers: u64,
    work: impl Fn(&Pool<T>, &mut Worker) + Sync,
) -> Vec<Point> {
    let sampler = Sampler::every(EVERY, Duration::MAX).with_pool(&pool);
    let start = Instant::now();
    let (pool, work) = (&pool, &work);
    thread::scope(|scope| {
        for number in 0..workers {
            let mut worker = Worker::new(number, start, length);
            scope.spawn(move || work(pool, &mut worker));
        }
        while start.elapsed() < length {
            sampler.tick(start.elapsed());
            sleep(Duration::from_millis(1));
        }
    });
    sampler.series()[0].points().to_vec()
}

struct Worker {
    number: u64,
    start: Instant,
    length: Duration,
    last: Instant,
    random: u64,
}

impl Worker {
    fn new(number: u64, start: Instant, length: Duration) -> Self {
        Self {
            number,
            start,
            length,
            last: start,
            random: 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number + 1),
        }
    }

    fn goes_on(&self) -> bool {
        self.start.elapsed() < self.length
    }

    /// From 0 to 1.
    fn progress(&self) -> f64 {
        self.start.elapsed().as_secs_f64() / self.length.as_secs_f64()
    }

    fn unit(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.unit() * n as f64) as u64
    }

    /// Sleeps for some time between so many milliseconds.
    fn pause(&mut self, least: f64, most: f64) {
        let ms = least + (most - least) * self.unit();
        sleep(Duration::from_secs_f64(ms / 1_000.0));
    }

    /// Whether so much time has passed since it last had.
    fn every(&mut self, interval: Duration) -> bool {
        let is_due = self.last.elapsed() >= interval;
        if is_due {
            self.last = Instant::now();
        }
        is_due
    }
}
