//! What is reported as a `tracing` event. One test: the subscriber is the process's.

#![cfg(feature = "tracing")]

use millpond::Pool;
use millpond::track::Tracking;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

static EVENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes events down, and panics then.
struct Panicking;

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("{field}={value:?};");
    }
}

impl Subscriber for Panicking {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "millpond"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::WARN);
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        EVENTS.lock().unwrap().push(fields.0);
        panic!("the subscriber's own");
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_lost_guard_is_an_event_and_its_panic_keeps_nothing_from_the_listener() {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    tracing::dispatcher::set_global_default(Dispatch::new(Panicking)).unwrap();
    let pool = Pool::from_fn(|| Vec::<u8>::with_capacity(8))
        .with_name("two\n\"lines\"")
        .with_tracking(Tracking::All)
        .with_leak_listener(|_| _ = TOLD.fetch_add(1, Relaxed));
    std::mem::forget(pool.get());
    let panic = catch_unwind(move || drop(pool)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"the subscriber's own"));
    assert_eq!(TOLD.load(Relaxed), 1);
    let events = EVENTS.lock().unwrap();
    assert_eq!(events.len(), 1);
    let message = r#"message=pool "two\n\"lines\"": 1 object lost with forgotten guards"#;
    assert!(events[0].starts_with(message), "{events:?}");
    assert!(events[0].contains("site=tests/tracing.rs:"), "{events:?}");
}
