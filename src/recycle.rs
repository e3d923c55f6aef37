//! What an object must be able to do to live in a pool.

/// An object that can be emptied without giving its memory back.
///
/// The pool calls [`recycle`](Recycle::recycle) on every object that comes
/// back, before it can be lent out again, and asks the other methods how much
/// memory the object would keep while it lies idle.
///
/// Implemented for the standard collections that keep their capacity when
/// cleared: `Vec`, `VecDeque`, `String`, `BinaryHeap`, `HashMap` and `HashSet`
/// with any hasher, `OsString` and `PathBuf`; for `Box`, arrays, tuples and
/// `Option` of them; and for [`StringList`](crate::StringList) and
/// [`StringMap`](crate::StringMap).
///
/// It is *not* implemented for `BTreeMap`, `BTreeSet` and `LinkedList`: their
/// `clear` frees every node, so a pool of them would save nothing but one
/// small allocation and promise a reuse that does not happen.
///
/// # Contract
///
/// * After `recycle` returns, nothing of the previous use can be observed.
/// * `recycle` may panic (an element's `Drop` may). The pool then discards the
///   object; it never hands it out again.
/// * The methods may use the pool they are called from: no lock or borrow is
///   held while they run.
///
/// # Examples
///
/// ```
/// use millpond::{Pool, Recycle};
///
/// #[derive(Default)]
/// struct Scratch {
///     words: Vec<u32>,
///     text: String,
/// }
///
/// impl Recycle for Scratch {
///     fn recycle(&mut self) {
///         self.words.recycle();
///         self.text.recycle();
///     }
///     fn footprint(&self) -> usize {
///         self.words.footprint() + self.text.footprint()
///     }
/// }
///
/// static POOL: Pool<Scratch> = Pool::new().with_create(Scratch::default);
/// POOL.get().text.push_str("gone when the guard is");
/// assert!(POOL.get().text.is_empty());
/// ```
pub trait Recycle {
    /// Empties the object and keeps its capacity.
    fn recycle(&mut self);

    /// Heap bytes that the object owns, used or not: what it keeps from the
    /// rest of the program while it lies idle.
    ///
    /// An estimate is enough, but it must grow and shrink with the memory
    /// held. Called on every return, before and after `recycle`, so it should
    /// be O(1); the collections of this crate keep count as they go.
    fn footprint(&self) -> usize;

    /// How many of the [`footprint`](Recycle::footprint) bytes the present
    /// contents need. Read before `recycle`, to tell an object that is too big
    /// for its use from one that is used to the full.
    ///
    /// The default says that all of it is needed.
    fn occupied(&self) -> usize {
        self.footprint()
    }

    /// Gives memory back until the object keeps about `bytes`, or as close to
    /// that as it can get. Called on a recycled object only.
    ///
    /// The default keeps everything; the pool then has to destroy objects that
    /// have grown too big.
    fn shrink_to(&mut self, bytes: usize) {
        let _ = bytes;
    }
}
