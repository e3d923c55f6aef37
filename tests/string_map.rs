//! `StringMap` is a `HashMap<String, Vec<String>>` to everybody but malloc,
//! and what it remembers is bounded.

use millpond::{Recycle, StringMap};
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Model = HashMap<String, Vec<String>>;

/// Sends every key to the same place.
#[derive(Clone, Default)]
struct Constant;

impl Hasher for Constant {
    fn write(&mut self, _: &[u8]) {}
    fn finish(&self) -> u64 {
        7
    }
}

#[derive(Clone, Debug)]
enum Op {
    Append(String, String),
    Set(String, String),
    Remove(String),
    Discard(String),
    Change(String, String),
    Empty(String),
    GetOrInsert(String),
    Extend(Vec<(String, String)>),
    ExtendLists(Vec<(String, Vec<String>)>),
    Retain(usize),
    Clear,
    Recycle,
    ShrinkTo(usize),
    Reserve(usize),
    Clone,
    ThroughHashMap,
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-e]", 1 => "[a-z]{0,12}", 1 => "[x]{30,60}"]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[0-9]{0,4}", 1 => "[A-Z]{0,80}"]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (key(), value()).prop_map(|(k, v)| Op::Append(k, v)),
        3 => (key(), value()).prop_map(|(k, v)| Op::Set(k, v)),
        2 => key().prop_map(Op::Remove),
        2 => key().prop_map(Op::Discard),
        2 => (key(), value()).prop_map(|(k, v)| Op::Change(k, v)),
        1 => key().prop_map(Op::Empty),
        1 => key().prop_map(Op::GetOrInsert),
        1 => prop::collection::vec((key(), value()), 0..6).prop_map(Op::Extend),
        1 => prop::collection::vec((key(), prop::collection::vec(value(), 0..3)), 0..4)
            .prop_map(Op::ExtendLists),
        1 => (0..4usize).prop_map(Op::Retain),
        3 => Just(Op::Clear),
        2 => Just(Op::Recycle),
        1 => prop_oneof![Just(0usize), 0..4000usize].prop_map(Op::ShrinkTo),
        1 => (0..20usize).prop_map(Op::Reserve),
        1 => Just(Op::Clone),
        1 => Just(Op::ThroughHashMap),
    ]
}

/// The model and the order in which its keys must come.
#[derive(Default)]
struct Expected {
    map: Model,
    order: Vec<String>,
}

impl Expected {
    fn values(&mut self, key: String) -> &mut Vec<String> {
        if !self.map.contains_key(&key) {
            self.order.push(key.clone());
        }
        self.map.entry(key).or_default()
    }

    fn remove(&mut self, key: &str) -> Option<Vec<String>> {
        let values = self.map.remove(key)?;
        let at = self.order.iter().position(|k| k == key).unwrap();
        self.order.swap_remove(at);
        Some(values)
    }

    fn clear(&mut self) {
        self.map.clear();
        self.order.clear();
    }
}

fn apply<S: BuildHasher + Default + Clone>(map: &mut StringMap<S>, model: &mut Expected, op: Op) {
    match op {
        Op::Append(k, v) => {
            map.append(&k, &v);
            model.values(k).push(v);
        }
        Op::Set(k, v) => {
            map.set(&k, &v);
            *model.values(k) = vec![v];
        }
        Op::Remove(k) => assert_eq!(map.remove(&k), model.remove(&k)),
        Op::Discard(k) => assert_eq!(map.discard(&k), model.remove(&k).is_some()),
        Op::Change(k, v) => {
            let values = map.get_mut(&k);
            assert_eq!(values.is_some(), model.map.contains_key(&k));
            if let Some(values) = values {
                values.push_str(&v);
                values[0].push_str(&v);
                let theirs = model.values(k);
                theirs.push(v.clone());
                theirs[0].push_str(&v);
            }
        }
        Op::Empty(k) => {
            if let Some(values) = map.get_mut(&k) {
                values.clear();
                model.values(k).clear();
            }
        }
        Op::GetOrInsert(k) => assert_eq!(map.get_or_insert(&k), model.values(k)),
        Op::Extend(pairs) => {
            map.extend(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())));
            for (k, v) in pairs {
                model.values(k).push(v);
            }
        }
        Op::ExtendLists(lists) => {
            map.extend(lists.clone());
            for (k, v) in lists {
                *model.values(k) = v;
            }
        }
        Op::Retain(n) => {
            map.retain(|k, v| (k.len() + v.len()) % 4 != n);
            model.map.retain(|k, v| (k.len() + v.len()) % 4 != n);
            model.order.retain(|k| model.map.contains_key(k));
        }
        Op::Clear => {
            map.clear();
            model.clear();
        }
        Op::Recycle => {
            map.recycle();
            model.clear();
        }
        Op::ShrinkTo(bytes) => {
            let before = map.footprint();
            map.shrink_to(bytes);
            assert!(map.footprint() <= before);
            if model.map.is_empty() {
                assert!(map.footprint() <= bytes, "{} > {bytes}", map.footprint());
            }
        }
        Op::Reserve(n) => {
            map.reserve(n);
            assert!(map.capacity() >= map.len() + n);
        }
        Op::Clone => {
            *map = map.clone();
            assert_eq!(map.remembered(), map.len());
        }
        Op::ThroughHashMap => {
            let there: Model = std::mem::take(map).into();
            assert_eq!(there, model.map);
            // The way back has a HashMap's order.
            *map = model
                .order
                .iter()
                .map(|k| (k.clone(), there[k].clone()))
                .collect();
            assert_eq!(*map, StringMap::<RandomState>::from(there));
        }
    }
}

/// Everything that can be seen of a map, next to the same of a `HashMap`.
fn check<S: BuildHasher + Clone>(map: &StringMap<S>, model: &Expected) {
    let Expected { map: model, order } = model;
    assert_eq!(map.len(), model.len());
    assert_eq!(map.is_empty(), model.is_empty());
    for key in ["a", "b", "c", "d", "e", "", "never"]
        .into_iter()
        .chain(model.keys().map(|k| &**k))
    {
        assert_eq!(map.get(key), model.get(key).map(|v| &v[..]), "get {key:?}");
        assert_eq!(map.contains_key(key), model.contains_key(key));
        let first = model.get(key).and_then(|v| v.first());
        assert_eq!(map.first(key), first.map(String::as_str));
    }
    assert_eq!(map, model);
    assert_eq!(model, map);
    assert!(map.keys().eq(order));
    assert!(map.keys().rev().eq(order.iter().rev()));
    assert_eq!(
        map.values().collect::<Vec<_>>(),
        order.iter().map(|k| &model[k]).collect::<Vec<_>>()
    );
    assert!(map.iter().all(|(k, v)| model[k] == v));
    assert_eq!(map.iter().len(), model.len());
    // The same text but for the order.
    let debug = format!("{map:?}");
    assert_eq!(debug.len(), format!("{model:?}").len());
    if model.len() < 2 {
        assert_eq!(debug, format!("{model:?}"));
    }
    let clone = map.clone();
    assert_eq!(clone, *map);
    assert_eq!(format!("{clone:?}"), debug);
    assert!(clone.into_iter().map(|(k, _)| k).eq(order.iter().cloned()));
    assert!(map.occupied() <= map.footprint());
    assert!(map.remembered() >= map.len());
}

fn is_a_hash_map<S: BuildHasher + Default + Clone>(ops: Vec<Op>) {
    let (mut map, mut model) = (StringMap::<S>::default(), Expected::default());
    for op in ops {
        apply(&mut map, &mut model, op);
        check(&map, &model);
    }
    map.recycle();
    check(&map, &Expected::default());
    map.shrink_to(0);
    assert_eq!(map.footprint(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn is_a_hash_map_of_lists(ops in prop::collection::vec(op(), 0..120)) {
        is_a_hash_map::<RandomState>(ops);
    }

    #[test]
    fn is_a_hash_map_when_all_keys_collide(ops in prop::collection::vec(op(), 0..120)) {
        is_a_hash_map::<BuildHasherDefault<Constant>>(ops);
    }
}

/// The same lives over so many keys that entries are evicted and trimmed all
/// the time.
#[test]
fn is_a_hash_map_while_keys_are_evicted() {
    let mut random = Random(1);
    let (mut map, mut model) = (StringMap::<RandomState>::default(), Expected::default());
    for life in 0..1500 {
        // Mostly small lives, now and then one that raises the limits.
        let keys = if life % 100 == 0 {
            200
        } else {
            random.below(20)
        };
        for _ in 0..keys {
            let key = match random.below(3) {
                0 => format!("known-{}", random.below(10)),
                _ => format!("{:x}", random.next()),
            };
            let value = format!("life {life}");
            let op = match random.below(8) {
                0 => Op::Set(key, value),
                1 => Op::Discard(key),
                2 => Op::Remove(key),
                _ => Op::Append(key, value),
            };
            apply(&mut map, &mut model, op);
        }
        check(&map, &model);
        map.recycle();
        model.clear();
        check(&map, &model);
    }
}

/// xorshift64*: keys that never repeat, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

#[test]
fn random_keys_do_not_make_it_grow() {
    let mut map = StringMap::new();
    let mut random = Random(2);
    let mut most = 0;
    for life in 0..20_000 {
        for _ in 0..10 {
            map.append(&format!("{:016x}", random.next()), "value");
        }
        map.recycle();
        assert!(map.remembered() <= 128);
        if life == 1000 {
            most = map.footprint();
        }
        assert!(life < 1000 || map.footprint() == most, "flat from then on");
    }
}

#[test]
fn the_limit_follows_the_largest_recent_life() {
    let mut map = StringMap::new();
    let mut random = Random(3);
    for _ in 0..100 {
        for _ in 0..500 {
            map.append(&format!("{:016x}", random.next()), "value");
        }
        map.recycle();
        assert!(map.remembered() <= 4 * 500);
    }
    assert!(map.remembered() > 500, "more than one life is remembered");
    let full = map.footprint();
    for _ in 0..200 {
        map.append("small", "life");
        map.recycle();
    }
    assert!(map.remembered() <= 128);
    assert!(map.footprint() < full / 10);
}

#[test]
fn removing_within_a_life_does_not_get_around_the_limit() {
    let mut map = StringMap::new();
    let mut random = Random(4);
    for _ in 0..10_000 {
        let key = format!("{:016x}", random.next());
        map.append(&key, "value");
        assert!(map.discard(&key));
        assert!(map.remembered() <= 128);
    }
}

#[test]
fn long_random_keys_and_values_are_bounded_in_bytes() {
    let mut map = StringMap::new();
    let mut random = Random(5);
    for _ in 0..2000 {
        let key = format!("{:08192x}", random.next());
        map.append(&key, &key);
        map.recycle();
        // Eight times what a life needs, and the table.
        assert!(
            map.footprint() < 8 * 2 * (8192 + 150) + 128 * 200,
            "{}",
            map.footprint()
        );
    }
}

#[test]
fn known_keys_survive_random_ones() {
    let known = ["accept", "cookie", "host", "user-agent"];
    let mut map = StringMap::new();
    let mut random = Random(6);
    let mut memory = Vec::new();
    for life in 0..1000 {
        for _ in 0..3 {
            map.append(&format!("{:016x}", random.next()), "value");
        }
        for key in known {
            map.append(key, "value");
        }
        let now: Vec<_> = known.iter().map(|key| map[key][0].as_ptr()).collect();
        if life == 0 {
            memory = now;
        } else {
            assert_eq!(now, memory, "evicted in life {life}");
        }
        map.recycle();
    }
}

/// The hand that looks for a key to evict starts at the first entry. Here it
/// meets a row of present ones.
#[test]
fn present_keys_are_never_evicted() {
    let mut map = StringMap::new();
    for i in 0..128 {
        map.append(&format!("old-{i}"), "old");
        if i % 16 == 15 {
            map.recycle();
        }
    }
    assert_eq!(map.remembered(), 128);
    for i in 0..20 {
        map.append(&format!("old-{i}"), "new");
    }
    for i in 0..10 {
        map.append(&format!("new-{i}"), "new");
    }
    assert_eq!(map.remembered(), 128);
    assert_eq!(map.len(), 30);
    for i in 0..20 {
        assert_eq!(&map[&*format!("old-{i}")], ["new"]);
    }
}

#[test]
fn one_giant_value_is_given_back_in_time() {
    let mut map = StringMap::new();
    map.append("cookie", &"x".repeat(10 << 20));
    assert!(map.footprint() > 10 << 20);
    map.recycle();
    assert!(map.footprint() > 10 << 20);
    for _ in 0..400 {
        map.append("cookie", "small");
        map.recycle();
    }
    assert!(map.footprint() < 100_000, "{}", map.footprint());
}

#[test]
fn a_million_values_and_a_giant_key_count() {
    let mut map = StringMap::new();
    for _ in 0..1_000_000 {
        map.append("key", "");
    }
    assert!(map.footprint() >= 1_000_000 * size_of::<String>());
    map.recycle();
    assert!(map.footprint() >= 1_000_000 * size_of::<String>());
    map.shrink_to(1000);
    assert!(map.footprint() <= 1000);
    map.append(&"k".repeat(1 << 20), "");
    assert!(map.footprint() >= 1 << 20);
    map.recycle();
    map.shrink_to(1000);
    assert!(map.footprint() <= 1000);
}

#[test]
fn an_oversized_map_says_so_and_shrinks_to_what_recent_uses_needed() {
    let mut map = StringMap::new();
    let mut needed = 0;
    for life in 0..10 {
        for key in ["a", "b", "c"] {
            map.append(key, "value");
        }
        if life == 0 {
            map.append("giant", &"x".repeat(1 << 20));
            assert!(map.occupied() > map.footprint() / 4);
        } else {
            needed = map.occupied();
            assert!(needed < map.footprint() / 4);
        }
        map.recycle();
    }
    map.shrink_to(needed);
    assert!(map.footprint() <= needed);
    assert!(map.remembered() >= 3, "the keys of recent lives stay");
}

/// Setting the same key for ever needs no more than setting it once, even
/// where the memory for all those values would be there.
#[test]
fn replaced_values_are_not_needed() {
    let mut map = StringMap::new();
    map.append("giant", &"x".repeat(16 << 20));
    map.recycle();
    for _ in 0..10_000 {
        map.set("key", &"x".repeat(1000));
    }
    assert!(map.occupied() < 70_000);
}

/// A pool must not take a map that remembers a few dozen keys and uses one for
/// a map that is too big.
#[test]
fn a_small_map_needs_what_it_remembers() {
    let mut map = StringMap::new();
    for i in 0..30 {
        map.append(&format!("key-{i}"), "value");
    }
    map.recycle();
    map.append("key-0", "value");
    assert_eq!(map.occupied(), map.footprint());
}

#[test]
fn shrinking_a_map_in_use_keeps_its_contents_and_their_order() {
    let mut map = StringMap::new();
    for i in 0..50 {
        map.append(&format!("old-{i}"), "old");
    }
    map.clear();
    for i in (0..50).step_by(3).rev() {
        map.append(&format!("old-{i}"), "new");
    }
    let before = format!("{map:?}");
    map.shrink_to_fit();
    assert_eq!(format!("{map:?}"), before);
    assert_eq!(map.remembered(), map.len());
    assert!(!map.contains_key("old-1"));
    map.append("old-0", "newer");
    assert_eq!(&map["old-0"], ["new", "newer"]);
}

/// A hasher that panics when told to.
#[derive(Clone, Default)]
struct Moody(RandomState);

thread_local!(static ANGRY: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });

impl BuildHasher for Moody {
    type Hasher = <RandomState as BuildHasher>::Hasher;
    fn build_hasher(&self) -> Self::Hasher {
        assert!(!ANGRY.get(), "on purpose");
        self.0.build_hasher()
    }
}

#[test]
fn a_panicking_hasher_changes_nothing() {
    let mut map = StringMap::with_hasher(Moody::default());
    let mut model = Expected::default();
    for life in 0..5 {
        for i in 0..200 {
            let (key, value) = (format!("{}", i * (life + 1) % 150), format!("{life}-{i}"));
            if i % 7 == 3 {
                ANGRY.set(true);
                let new = format!("new-{life}-{i}");
                for result in [
                    catch_unwind(AssertUnwindSafe(|| map.append(&new, "x"))),
                    catch_unwind(AssertUnwindSafe(|| map.set(&new, "x"))),
                    catch_unwind(AssertUnwindSafe(|| drop(map.remove(&new)))),
                    catch_unwind(AssertUnwindSafe(|| assert!(!map.discard(&new)))),
                    catch_unwind(AssertUnwindSafe(|| map.get_or_insert(&new).push_str("x"))),
                ] {
                    assert!(result.is_err());
                }
                ANGRY.set(false);
                check(&map, &model);
            }
            apply(&mut map, &mut model, Op::Append(key, value));
        }
        check(&map, &model);
        apply(&mut map, &mut model, Op::Recycle);
    }
}

#[test]
fn a_panicking_retain_loses_nothing() {
    let mut map = StringMap::new();
    map.append("ghost", "of an earlier life");
    map.clear();
    for key in ["a", "b", "c", "d"] {
        map.append(key, key);
    }
    let before = map.clone();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        map.retain(|key, _| {
            if key == "c" {
                panic!("on purpose")
            } else {
                key != "a"
            }
        });
    }));
    assert!(caught.is_err());
    assert_eq!(map, before);
    assert!(map.discard("a") && !map.discard("ghost"));
    map.recycle();
    assert!(map.is_empty());
}

#[test]
fn equal_across_hashers_and_types() {
    let pairs = [("a", "1"), ("b", "2"), ("a", "3")];
    let sip: StringMap = pairs.into();
    let constant: StringMap<BuildHasherDefault<Constant>> = pairs.into_iter().collect();
    assert_eq!(sip, constant);
    let mut other = constant.clone();
    other.set("a", "1");
    assert_ne!(sip, other);
    other.discard("a");
    assert_ne!(sip, other);
    let std: HashMap<String, Vec<String>, BuildHasherDefault<Constant>> =
        sip.clone().into_iter().collect();
    assert_eq!(std, sip);
    assert_eq!(constant, std);
    let cow = pairs.map(|(k, v)| (Cow::from(k), Cow::from(v)));
    assert_eq!(sip, cow.into_iter().collect::<StringMap>());
    let owned = pairs.map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(sip, owned.into_iter().collect::<StringMap>());
}

#[test]
fn const_with_a_const_hasher() {
    static EMPTY: StringMap<BuildHasherDefault<Constant>> =
        StringMap::with_hasher(BuildHasherDefault::new());
    assert!(EMPTY.is_empty() && EMPTY.get("a").is_none());
}

#[test]
#[should_panic(expected = "no such key")]
fn indexing_a_remembered_key_panics() {
    let mut map: StringMap = [("a", "1")].into();
    map.clear();
    let _ = &map["a"];
}
