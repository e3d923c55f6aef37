//! What an object must be able to do to live in a pool.

/// An object that can be emptied without giving its memory back.
///
/// The pool [recycles](Recycle::recycle) every object that comes back, before it can
/// be lent out again, and asks how much memory it would keep while it lies idle.
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
///         Recycle::recycle(&mut self.words); // std has a `Vec::recycle` in mind
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
    /// held. Asked on every return, so it should be O(1); the collections of this
    /// crate keep count as they go.
    fn footprint(&self) -> usize;

    /// [`recycle`](Recycle::recycle), then [`footprint`](Recycle::footprint), in one
    /// call: what most returns come to.
    ///
    /// To be overridden where the two have work to share. It has to do what they do:
    /// the pool calls the one or the others, as it needs.
    #[inline]
    fn recycle_and_measure(&mut self) -> usize {
        self.recycle();
        self.footprint()
    }

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

/// How a pool recycles the objects of type `T`: by their own [`Recycle`]
/// ([`ByTrait`], the default), or by a closure, for types of other crates.
///
/// Every `Fn(&mut T)` is a recycler that empties the object and knows nothing
/// of its memory. Implement the trait yourself to say more about a foreign type.
///
/// # Examples
///
/// ```
/// use millpond::Pool;
/// use std::collections::BTreeMap; // frees its nodes when cleared: not `Recycle`
///
/// let pool = Pool::from_fns(BTreeMap::<u32, u32>::new, |map| map.clear());
/// pool.get().insert(1, 2);
/// assert!(pool.get().is_empty());
/// ```
pub trait Recycler<T> {
    /// Empties the object and keeps its capacity; see [`Recycle::recycle`].
    fn recycle(&self, object: &mut T);

    /// Heap bytes the object owns; see [`Recycle::footprint`].
    fn footprint(&self, object: &T) -> usize {
        let _ = object;
        0
    }

    /// Both; see [`Recycle::recycle_and_measure`].
    #[inline]
    fn recycle_and_measure(&self, object: &mut T) -> usize {
        self.recycle(object);
        self.footprint(object)
    }

    /// Heap bytes its contents need; see [`Recycle::occupied`].
    fn occupied(&self, object: &T) -> usize {
        self.footprint(object)
    }

    /// Gives memory back; see [`Recycle::shrink_to`].
    fn shrink_to(&self, object: &mut T, bytes: usize) {
        let _ = (object, bytes);
    }
}

/// Recycles every object by its own [`Recycle`] implementation.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByTrait;

impl<T: Recycle> Recycler<T> for ByTrait {
    #[inline]
    fn recycle(&self, object: &mut T) {
        object.recycle();
    }

    #[inline]
    fn footprint(&self, object: &T) -> usize {
        object.footprint()
    }

    #[inline]
    fn recycle_and_measure(&self, object: &mut T) -> usize {
        object.recycle_and_measure()
    }

    #[inline]
    fn occupied(&self, object: &T) -> usize {
        object.occupied()
    }

    fn shrink_to(&self, object: &mut T, bytes: usize) {
        object.shrink_to(bytes);
    }
}

impl<T, F: Fn(&mut T)> Recycler<T> for F {
    #[inline]
    fn recycle(&self, object: &mut T) {
        self(object);
    }
}
