//! The names that others compile against, used as they use them.

use millpond::{Discard, OwnedPooled, Pool, Pooled, Recycle, Stats, StringList, StringMap};
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

static PARAMS: Pool<HashMap<String, Vec<String>>> = Pool::new()
    .with_create(|| HashMap::with_capacity(16))
    .with_local_capacity(8)
    .with_global_capacity(256)
    .with_drop_hook(|map, why| {
        let _: &mut HashMap<String, Vec<String>> = map;
        let _: Discard = why;
    });

#[test]
fn pools_and_guards() {
    let m: Pooled<'static, HashMap<String, Vec<String>>> = PARAMS.get();
    drop(m);
    let v: HashMap<String, Vec<String>> = Pooled::detach(PARAMS.get());
    assert!(v.capacity() >= 16);

    let captured = 32;
    let pool = Arc::new(Pool::from_fn(move || Vec::<u8>::with_capacity(captured)));
    let g: OwnedPooled<Vec<u8>> = pool.get_owned();
    assert_eq!(g.capacity(), 32);
    drop(g);
    pool.set_local_capacity(32);
    assert_eq!(pool.local_capacity(), 32);
    pool.trim();
    let s: Stats = pool.stats();
    println!("{s}");
    assert_eq!(s.gets, s.local_hits + s.global_hits + s.created);
    assert_eq!(
        s.gets,
        s.returned + s.discarded.on_return() + s.detached + s.in_use
    );
    assert_eq!((s.idle_local, s.idle_global, s.idle_bytes), (0, 0, 0));
}

#[test]
fn reasons() {
    use Discard::*;
    let named = [
        LocalFull,
        GlobalFull,
        Oversized,
        Trimmed,
        RecyclePanicked,
        ThreadExit,
        PoolDropped,
        Disabled,
    ];
    assert!(named.iter().all(|why| Discard::ALL.contains(why)));
}

#[test]
fn recycle() {
    fn recycled<T: Recycle>(mut object: T) -> usize {
        object.recycle();
        object.footprint()
    }
    assert!(recycled(vec![1_u64]) >= 8);
    assert!(recycled(VecDeque::from([1])) > 0);
    assert!(recycled(String::from("a")) > 0);
    assert!(recycled(BinaryHeap::from([1])) > 0);
    assert!(recycled(HashMap::from([(1, 2)])) > 0);
    assert!(recycled(HashSet::from([1])) > 0);
    assert!(recycled(Box::new(vec![1])) > 0);
    assert!(recycled((vec![1], String::from("a"), [vec![1_u8], vec![2]])) > 0);
    assert!(recycled(Some(vec![1])) > 0);
}

#[test]
fn collections() {
    let mut list = StringList::new();
    list.push_str("a");
    list.push(String::from("b"));
    assert_eq!((list.len(), &list[1]), (2, &String::from("b")));
    assert_eq!(list.iter().collect::<Vec<_>>(), ["a", "b"]);
    let slice: &[String] = &list;
    assert_eq!(slice.len(), 2);
    assert_eq!(list.pop().as_deref(), Some("b"));
    list.truncate(0);
    list.clear();
    let list = StringList::from(vec![String::from("x")]);
    assert_eq!(Vec::<String>::from(list), ["x"]);

    let mut map: StringMap = StringMap::new();
    map.append("k", "1");
    map.append("k", "2");
    map.set("l", "3");
    let values: &[String] = map.get("k").unwrap();
    assert_eq!(values, ["1", "2"]);
    assert!(map.contains_key("l") && !map.is_empty() && map.len() == 2);
    assert_eq!((map.iter().count(), map.keys().count()), (2, 2));
    let std: HashMap<String, Vec<String>> = map.clone().into();
    assert_eq!(map, std);
    assert_eq!(StringMap::from(std), map);
    map.remove("k");
    assert!(map.get("k").is_none());
    map.clear();
    assert!(map.is_empty());
}
