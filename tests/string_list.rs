//! `StringList` is a `Vec<String>` to everybody but malloc.

use millpond::{Recycle, StringList};
use proptest::prelude::*;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

#[derive(Clone, Debug)]
enum Op {
    PushStr(String),
    Push(String),
    Pop,
    PopStr,
    Insert(usize, String),
    Remove(usize),
    SwapRemove(usize),
    RetainShorter(usize),
    Truncate(usize),
    Change(usize, String),
    Take(usize),
    Reverse,
    Extend(Vec<String>),
    Clear,
    Recycle,
    ShrinkTo(usize),
    Clone,
    CloneFrom(Vec<String>),
    ThroughVec,
}

fn op() -> impl Strategy<Value = Op> {
    let text = || "[a-z]{0,40}";
    prop_oneof![
        8 => text().prop_map(Op::PushStr),
        3 => text().prop_map(Op::Push),
        2 => Just(Op::Pop),
        2 => Just(Op::PopStr),
        1 => (0..9usize, text()).prop_map(|(i, s)| Op::Insert(i, s)),
        1 => (0..9usize).prop_map(Op::Remove),
        1 => (0..9usize).prop_map(Op::SwapRemove),
        1 => (0..40usize).prop_map(Op::RetainShorter),
        1 => (0..9usize).prop_map(Op::Truncate),
        2 => (0..9usize, text()).prop_map(|(i, s)| Op::Change(i, s)),
        1 => (0..9usize).prop_map(Op::Take),
        1 => Just(Op::Reverse),
        1 => prop::collection::vec(text(), 0..5).prop_map(Op::Extend),
        2 => Just(Op::Clear),
        1 => Just(Op::Recycle),
        1 => (0..400usize).prop_map(Op::ShrinkTo),
        1 => Just(Op::Clone),
        1 => prop::collection::vec(text(), 0..5).prop_map(Op::CloneFrom),
        1 => Just(Op::ThroughVec),
    ]
}

fn apply(list: &mut StringList, model: &mut Vec<String>, op: Op) {
    match op {
        Op::PushStr(s) => {
            list.push_str(&s);
            model.push(s);
        }
        Op::Push(s) => {
            list.push(s.clone());
            model.push(s);
        }
        Op::Pop => assert_eq!(list.pop(), model.pop()),
        Op::PopStr => assert_eq!(list.pop_str(), model.pop().as_deref()),
        Op::Insert(i, s) => {
            let i = i.min(model.len());
            list.insert(i, s.clone());
            model.insert(i, s);
        }
        Op::Remove(i) if i < model.len() => assert_eq!(list.remove(i), model.remove(i)),
        Op::SwapRemove(i) if i < model.len() => {
            assert_eq!(list.swap_remove(i), model.swap_remove(i));
        }
        Op::RetainShorter(n) => {
            list.retain(|s| s.len() < n);
            model.retain(|s| s.len() < n);
        }
        Op::Truncate(n) => {
            list.truncate(n);
            model.truncate(n);
        }
        Op::Change(i, s) if i < model.len() => {
            list[i].push_str(&s);
            model[i].push_str(&s);
        }
        Op::Take(i) if i < model.len() => {
            assert_eq!(std::mem::take(&mut list[i]), std::mem::take(&mut model[i]));
        }
        Op::Remove(_) | Op::SwapRemove(_) | Op::Change(..) | Op::Take(_) => {}
        Op::Reverse => {
            list.reverse();
            model.reverse();
        }
        Op::Extend(s) => {
            list.extend(s.iter());
            model.extend(s);
        }
        Op::Clear => {
            list.clear();
            model.clear();
        }
        Op::Recycle => {
            list.recycle();
            model.clear();
        }
        Op::ShrinkTo(bytes) => {
            list.shrink_to(bytes);
            let contents: usize = model.iter().map(|s| s.len() + size_of::<String>()).sum();
            assert!(list.footprint() <= bytes.max(contents));
        }
        Op::Clone => {
            *list = list.clone();
            let exact: usize = model.iter().map(|s| s.len() + size_of::<String>()).sum();
            assert_eq!(list.footprint(), exact);
        }
        Op::CloneFrom(s) => {
            list.clone_from(&StringList::from(s.clone()));
            *model = s;
        }
        Op::ThroughVec => {
            let vec: Vec<String> = std::mem::take(list).into();
            assert_eq!(vec, *model);
            *list = vec.into();
        }
    }
}

/// Everything that can be seen of a list, next to the same of a vector.
fn check(list: &StringList, model: &Vec<String>) {
    assert_eq!(list, model);
    assert_eq!(model, list);
    assert_eq!(list.len(), model.len());
    assert_eq!(list.is_empty(), model.is_empty());
    assert_eq!(
        list.iter().collect::<Vec<_>>(),
        model.iter().collect::<Vec<_>>()
    );
    assert_eq!(list.join(","), model.join(","));
    assert_eq!(format!("{list:?}"), format!("{model:?}"));
    assert_eq!(list.clone(), *model);
    assert_eq!(list.clone().into_iter().collect::<Vec<_>>(), *model);
    let hasher = RandomState::new();
    assert_eq!(hasher.hash_one(list), hasher.hash_one(&model[..]));
    assert!(list.capacity() >= list.len());
    assert!(list.footprint() >= list.iter().map(String::capacity).sum());
    assert!(list.occupied() <= list.footprint());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn is_a_vec_of_strings(ops in prop::collection::vec(op(), 0..60)) {
        let (mut list, mut model) = (StringList::new(), Vec::new());
        for op in ops {
            apply(&mut list, &mut model, op);
            check(&list, &model);
        }
        list.recycle();
        check(&list, &Vec::new());
        list.shrink_to(0);
        prop_assert_eq!(list.footprint(), 0);
    }

    #[test]
    fn orders_as_its_slice(a in prop::collection::vec("[ab]{0,2}", 0..4), b in prop::collection::vec("[ab]{0,2}", 0..4)) {
        prop_assert_eq!(StringList::from(a.clone()).cmp(&b.clone().into()), a.cmp(&b));
    }
}

#[test]
fn a_spare_is_reused_by_push_str_and_kept_by_pop_str() {
    let mut list = StringList::from([String::with_capacity(100)]);
    let memory = list[0].as_ptr();
    list.clear();
    list.push_str("short");
    assert_eq!(list[0].as_ptr(), memory);
    assert_eq!(list.pop_str(), Some("short"));
    list.push_str("again");
    assert_eq!(list[0].as_ptr(), memory);
    assert_eq!(list.pop_str(), Some("again"));
    assert_eq!(list.pop_str(), None);
}

/// Lives that only push owned strings must not collect one spare a push.
#[test]
fn pushing_owned_strings_does_not_grow_the_list() {
    let mut list = StringList::new();
    let mut peak = 0;
    for life in 0..1000 {
        for _ in 0..5 {
            list.push("x".repeat(20));
            list.push_str("y");
        }
        list.clear();
        if life == 0 {
            peak = list.footprint();
        }
        assert!(list.footprint() <= peak);
    }
}

#[test]
fn one_giant_string_counts_and_goes_without_the_others() {
    let mut list = StringList::from(["x".repeat(10 << 20)]);
    list.extend(["small", "strings"]);
    list.recycle();
    assert!(list.footprint() > 10 << 20);
    list.shrink_to(1000);
    assert!(list.footprint() <= 1000);
    assert!(
        list.footprint() > "smallstrings".len(),
        "the small spares are still there"
    );
}

#[test]
fn one_short_use_after_a_giant_cuts_the_giant() {
    let mut list = StringList::from(["x".repeat(10 << 20)]);
    list.recycle();
    list.push_str("short");
    list.recycle();
    list.shrink_to(1000);
    assert_eq!(list.footprint(), "short".len() + size_of::<String>());
}

#[test]
fn a_panicking_retain_loses_nothing() {
    let mut list = StringList::from(["a", "b", "c", "d"]);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        list.retain(|s| {
            if s == "c" {
                panic!("on purpose")
            } else {
                s != "a"
            }
        });
    }));
    assert!(caught.is_err());
    list.sort();
    assert_eq!(list, ["a", "b", "c", "d"]);
}

#[test]
fn compares_and_converts_like_a_vec() {
    let list: StringList = ["a", "b"].into_iter().collect();
    assert_eq!(list, ["a", "b"]);
    assert_eq!(list, *["a", "b"].as_slice());
    assert_eq!(["a".to_owned(), "b".to_owned()], list);
    assert_eq!(list, vec!["a", "b"]);
    assert_eq!(
        list,
        ["a".to_owned(), "b".to_owned()]
            .into_iter()
            .collect::<StringList>()
    );
    let mut by_list = HashMap::new();
    by_list.insert(list.clone(), 1);
    assert_eq!(by_list.get(&["a".to_owned(), "b".to_owned()][..]), Some(&1));
    for s in &mut list.clone() {
        s.push('!');
    }
    assert_eq!(Vec::<String>::from(list), ["a", "b"]);
}

#[test]
#[should_panic(expected = "past the end of a list of 0")]
fn insert_past_the_end_panics() {
    let mut list = StringList::from(["a"]);
    list.clear();
    list.insert(1, String::new());
}

#[test]
#[should_panic]
fn remove_does_not_reach_spares() {
    let mut list = StringList::from(["a"]);
    list.clear();
    list.remove(0);
}

#[test]
#[should_panic]
fn swap_remove_does_not_reach_spares() {
    let mut list = StringList::from(["a", "b"]);
    list.truncate(1);
    list.swap_remove(1);
}
