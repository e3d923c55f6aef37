//! A program whose allocator does not count is told so, and what to add. A process
//! of its own: in all others that count, the allocator does.

use millpond::alloc::{self, NotInstalled, ProcessScope, Table, ThreadScope};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Everything that counts, with work that must not be done.
fn attempts(ran: &Cell<bool>) -> [Box<dyn FnOnce() + '_>; 6] {
    let work = || ran.set(true);
    [
        Box::new(move || _ = alloc::count(work)),
        Box::new(move || _ = alloc::count_process(work)),
        Box::new(move || _ = alloc::peak(work)),
        Box::new(move || Table::new("none").count("none", work)),
        Box::new(|| _ = ThreadScope::begin()),
        Box::new(|| _ = ProcessScope::begin()),
    ]
}

/// One test, since the panic hook is for all.
#[test]
fn nobody_is_told_zero() {
    let error: NotInstalled = alloc::installed().unwrap_err();
    let line = "static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();";
    for line in ["#[global_allocator]", line] {
        let text = error.to_string();
        assert!(text.lines().any(|other| other.trim() == line), "{text}");
    }

    let ran = Cell::new(false);
    for attempt in attempts(&ran) {
        let (send, receive) = std::sync::mpsc::channel();
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            send.send(info.location().unwrap().file().to_owned())
                .unwrap();
        }));
        let panic = catch_unwind(AssertUnwindSafe(attempt));
        std::panic::set_hook(usual);
        let message = panic.expect_err("nothing can be counted");
        assert_eq!(message.downcast_ref(), Some(&error.to_string()));
        assert_eq!(receive.recv().unwrap(), file!(), "not the caller's line");
    }
    assert!(!ran.get(), "work was done that nobody counted");
}
