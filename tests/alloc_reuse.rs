//! What the collections ask of the allocator, counted by an allocator: nothing
//! once warm, and `footprint` is what they hold, to the byte. In a process of
//! its own, for the counting allocator is for all.

#[path = "common/counting.rs"]
mod counting;

use counting::calls;
use millpond::alloc::ThreadScope;
use millpond::{Recycle, StringList, StringMap};

/// xorshift64*, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }
}

/// A text without an allocation of its own.
fn text(random: &mut Random, longest: usize) -> &'static str {
    const LETTERS: &str = match std::str::from_utf8(&[b'v'; 4096]) {
        Ok(letters) => letters,
        Err(_) => "",
    };
    &LETTERS[..random.below(longest + 1)]
}

#[test]
fn a_warm_list_allocates_nothing() {
    let texts: Vec<String> = (0..16).map(|i| "x".repeat(i * 3)).collect();
    let mut list = StringList::new();
    let mut life = || {
        texts.iter().for_each(|text| list.push_str(text));
        list.recycle();
    };
    assert!(calls(&mut life) > 0);
    assert_eq!(calls(|| (0..100).for_each(|_| life())), 0);
}

#[test]
fn a_warm_map_allocates_nothing() {
    let requests: [&[(&str, &str)]; 3] = [
        &[
            ("host", "example.org"),
            ("accept", "*/*"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
        ],
        &[("host", "example.com"), ("range", "bytes=0-99")],
        &[
            ("status", "200"),
            ("set-cookie", "a=1; path=/"),
            ("set-cookie", "b=2"),
        ],
    ];
    let mut map = StringMap::new();
    let mut lives = || {
        for request in requests {
            request
                .iter()
                .for_each(|(key, value)| map.append(key, value));
            map.set("x-request-id", "0123456789abcdef");
            assert!(map.discard("x-request-id"));
            map.recycle();
        }
    };
    assert!(calls(&mut lives) > 0);
    assert_eq!(calls(|| (0..100).for_each(|_| lives())), 0);
}

/// Keys that never come back take the memory of those that did not.
#[test]
fn random_keys_allocate_nothing_in_the_long_run() {
    let mut map = StringMap::new();
    let mut random = Random(1);
    let mut key = String::new();
    let mut lives = |n: usize| {
        for _ in 0..n {
            for _ in 0..10 {
                key.clear();
                std::fmt::Write::write_fmt(&mut key, format_args!("{:016x}", random.next()))
                    .unwrap();
                map.append(&key, "value");
            }
            map.recycle();
        }
        assert!(map.remembered() <= 128);
    };
    lives(1000);
    assert_eq!(calls(|| lives(10_000)), 0);
}

#[test]
fn the_footprint_of_a_list_is_what_it_holds() {
    for seed in 1..200 {
        let mut random = Random(seed);
        let scope = ThreadScope::begin();
        let mut list = StringList::new();
        let mut other = StringList::new();
        for _ in 0..300 {
            let text = text(&mut random, 60);
            match random.below(18) {
                0..4 => list.push_str(text),
                4..6 => list.push(text.to_owned()),
                6 => drop(list.pop()),
                7 => drop(list.pop_str().map(str::len)),
                8 => list.truncate(random.below(6)),
                9 => assert_eq!(list.recycle_and_measure(), list.footprint()),
                10 => list.retain(|s| s.len() < 30),
                11 if !list.is_empty() => {
                    let at = random.below(list.len());
                    drop(list.remove(at));
                }
                12 => list.insert(random.below(list.len() + 1), text.to_owned()),
                13 => list.iter_mut().for_each(|s| s.push_str(text)),
                14 => drop(list.first_mut().map(std::mem::take)),
                15 => list.shrink_to(random.below(2000)),
                16 => list.clone_from(&StringList::from([text])),
                17 => std::mem::swap(&mut list, &mut other),
                _ => {}
            }
            let held = scope.counts().live_bytes();
            assert_eq!((list.footprint() + other.footprint()) as i64, held);
        }
    }
}

#[test]
fn the_footprint_of_a_map_is_what_it_holds() {
    for seed in 1..100 {
        let mut random = Random(seed);
        // Names and numbers written down before the map, so that what is held
        // since is the map's.
        let keys: Vec<String> = (0..400)
            .map(|i| format!("{i}-{}", text(&mut random, 300)))
            .collect();
        let spread = if seed % 2 == 0 { 400 } else { 12 };
        let scope = ThreadScope::begin();
        let mut map = StringMap::new();
        for step in 0..1500 {
            let key = keys[random.below(spread)].as_str();
            let longest = if random.below(200) == 0 { 4096 } else { 60 };
            let value = text(&mut random, longest);
            match random.below(26) {
                0..12 => map.append(key, value),
                12..14 => map.set(key, value),
                14 => drop(map.remove(key)),
                15 => drop(map.discard(key)),
                16 => map.get_or_insert(key).push_str(value),
                17 => {
                    if let Some(values) = map.get_mut(key) {
                        values.iter_mut().for_each(|v| v.push_str(value));
                    }
                }
                18 => drop(map.get_mut(key).map(std::mem::take)),
                19 => map.retain(|_, v| v.len() < 3),
                20 => map.extend([(key.to_owned(), vec![value.to_owned()])]),
                21 if random.below(10) == 0 => map.shrink_to(random.below(40_000)),
                22 => map.reserve(random.below(8)),
                23 if random.below(10) == 0 => map = map.clone(),
                24 => assert_eq!(map.recycle_and_measure(), map.footprint()),
                _ if random.below(20) == 0 => map.recycle(),
                _ => {}
            }
            let held = scope.counts().live_bytes();
            assert_eq!(map.footprint() as i64, held, "seed {seed} step {step}");
        }
        map.recycle();
        map.shrink_to(0);
        assert_eq!(map.footprint(), 0);
        assert_eq!(scope.counts().live_bytes(), 0);
    }
}
