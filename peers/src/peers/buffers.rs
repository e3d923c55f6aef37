//! Buffers: the only objects that every peer can lend, zeropool too.

use millpond_bench::item::Buffer;
use millpond_bench::source::{Kind, Lend, Source};
use std::hint::black_box;
use std::sync::LazyLock;
use zeropool::{Buf, ZeroPool};

/// zeropool is no [`Lend`]: what it lends derefs to a slice of a fixed length.
#[derive(Debug)]
pub struct Zeropool;

impl Source for Zeropool {
    const NAME: &'static str = "zeropool, alloc_uninit";
    const KIND: Kind = Kind::Peer;
}

static POOL: LazyLock<ZeroPool> = LazyLock::new(ZeroPool::new);

/// Borrows a buffer and copies `text` into it, `n` times.
pub fn filled<S: Lend<Buffer>>(n: u64, text: &[u8]) {
    for _ in 0..n {
        black_box(&**fill::<S>(text));
    }
}

/// The limit.
pub fn fill_in_place(buffer: &mut Buffer, n: u64, text: &[u8]) {
    for _ in 0..n {
        buffer.extend_from_slice(black_box(text));
        black_box(&**buffer);
        buffer.clear();
    }
}

fn fill<S: Lend<Buffer>>(text: &[u8]) -> S::Loan {
    let mut buffer = S::lend();
    buffer.extend_from_slice(black_box(text));
    buffer
}

fn written(text: &[u8]) -> Buf<'static> {
    let text = black_box(text);
    POOL.alloc_uninit(text.len()).write_from_slice(text)
}

impl Zeropool {
    /// The same.
    pub fn filled(n: u64, text: &[u8]) {
        for _ in 0..n {
            black_box(&*written(text));
        }
    }

    /// # Panics
    ///
    /// As [`check`].
    pub fn check(text: &[u8]) {
        for text in [text, &text[1..]] {
            assert_eq!(&*written(text), text, "{}", Self::NAME);
        }
    }
}

/// # Panics
///
/// If a buffer does not hold what was written into it and nothing else, twice in a
/// row.
pub fn check<S: Lend<Buffer>>(text: &[u8]) {
    for text in [text, &text[1..]] {
        assert_eq!(**fill::<S>(text), *text, "{}", S::NAME);
    }
}
