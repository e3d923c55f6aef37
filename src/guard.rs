//! The two handles to a lent object. Everything they do is in the pool; dropping
//! one is one call.

use crate::object::Object;
use crate::{ByTrait, Pool, Recycler};
use std::borrow::{Borrow, BorrowMut};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// An object lent by a [`Pool`], which takes it back when this guard is dropped.
///
/// Behaves like a `Box<T>`: it derefs to the object and implements `Debug`,
/// `Display`, comparison, `Hash`, `AsRef` and `Borrow` where the object does. It
/// is `Send` and `Sync` where the object is, so a guard from a `static` pool may
/// cross threads and `.await` points, and may be dropped on any thread.
///
/// A guard that is leaked (`mem::forget`, an `Rc` cycle) never comes back; it
/// stays counted in [`Stats::in_use`](crate::Stats::in_use).
#[must_use = "the object goes straight back to the pool if it is not used"]
pub struct Pooled<'a, T: Send + 'static, R: Recycler<T> = ByTrait> {
    pool: &'a Pool<T, R>,
    /// `None` only while the guard is being taken apart.
    object: Option<Box<Object<T>>>,
}

/// A [`Pooled`] that shares ownership of its pool instead of borrowing it.
///
/// Made by [`Pool::get_owned`], for pools that live in an `Arc`: it can be stored
/// in a struct or moved into a task without a lifetime. The pool lives until its
/// last guard is dropped.
#[must_use = "the object goes straight back to the pool if it is not used"]
pub struct OwnedPooled<T: Send + 'static, R: Recycler<T> = ByTrait> {
    pool: Arc<Pool<T, R>>,
    object: Option<Box<Object<T>>>,
}

impl<'a, T: Send + 'static, R: Recycler<T>> Pooled<'a, T, R> {
    #[inline]
    pub(crate) fn new(pool: &'a Pool<T, R>, object: Box<Object<T>>) -> Self {
        Self {
            pool,
            object: Some(object),
        }
    }

    /// The pool that the object will go back to.
    pub fn pool(this: &Self) -> &'a Pool<T, R> {
        this.pool
    }
}

impl<T: Send + 'static, R: Recycler<T>> OwnedPooled<T, R> {
    #[inline]
    pub(crate) fn new(pool: Arc<Pool<T, R>>, object: Box<Object<T>>) -> Self {
        Self {
            pool,
            object: Some(object),
        }
    }

    /// The pool that the object will go back to.
    pub fn pool(this: &Self) -> &Arc<Pool<T, R>> {
        &this.pool
    }
}

macro_rules! guard {
    ($guard:ident $(<$life:lifetime>)?) => {
        impl<$($life,)? T: Send + 'static, R: Recycler<T>> $guard<$($life,)? T, R> {
            /// Takes the object out of the pool for good, contents and all.
            ///
            /// It is counted in [`Stats::detached`](crate::Stats::detached), and
            /// the drop hook never sees it. An associated function, so that it
            /// does not hide a method of the object: `Pooled::detach(guard)`.
            pub fn detach(mut this: Self) -> T {
                let Some(mut object) = this.object.take() else { gone() };
                this.pool.detach(&mut object);
                object.value
            }
        }

        impl<$($life,)? T: Send + 'static, R: Recycler<T>> Drop for $guard<$($life,)? T, R> {
            #[inline]
            fn drop(&mut self) {
                if let Some(object) = self.object.take() {
                    self.pool.put(object);
                }
            }
        }

        impl<$($life,)? T: Send + 'static, R: Recycler<T>> Deref for $guard<$($life,)? T, R> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                match &self.object {
                    Some(object) => {
                        if object.lease.is_held() {
                            self.pool.measure(object);
                        }
                        &object.value
                    }
                    None => gone(),
                }
            }
        }

        impl<$($life,)? T: Send + 'static, R: Recycler<T>> DerefMut for $guard<$($life,)? T, R> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                match &mut self.object {
                    Some(object) => {
                        if object.lease.is_held() {
                            self.pool.measure(object);
                        }
                        &mut object.value
                    }
                    None => gone(),
                }
            }
        }

        impl<$($life,)? T, R, U: ?Sized> AsRef<U> for $guard<$($life,)? T, R>
        where
            T: AsRef<U> + Send + 'static,
            R: Recycler<T>,
        {
            fn as_ref(&self) -> &U {
                (**self).as_ref()
            }
        }

        impl<$($life,)? T, R, U: ?Sized> AsMut<U> for $guard<$($life,)? T, R>
        where
            T: AsMut<U> + Send + 'static,
            R: Recycler<T>,
        {
            fn as_mut(&mut self) -> &mut U {
                (**self).as_mut()
            }
        }

        impl<$($life,)? T: Send + 'static, R: Recycler<T>> Borrow<T> for $guard<$($life,)? T, R> {
            fn borrow(&self) -> &T {
                self
            }
        }

        impl<$($life,)? T: Send + 'static, R: Recycler<T>> BorrowMut<T> for $guard<$($life,)? T, R> {
            fn borrow_mut(&mut self) -> &mut T {
                self
            }
        }

        impl<$($life,)? T: fmt::Debug + Send + 'static, R: Recycler<T>> fmt::Debug
            for $guard<$($life,)? T, R>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($life,)? T: fmt::Display + Send + 'static, R: Recycler<T>> fmt::Display
            for $guard<$($life,)? T, R>
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($life,)? T: PartialEq + Send + 'static, R: Recycler<T>> PartialEq
            for $guard<$($life,)? T, R>
        {
            fn eq(&self, other: &Self) -> bool {
                **self == **other
            }
        }

        /// Compares with a plain value, as in `assert_eq!(guard, expected)`.
        impl<$($life,)? T: PartialEq + Send + 'static, R: Recycler<T>> PartialEq<T>
            for $guard<$($life,)? T, R>
        {
            fn eq(&self, other: &T) -> bool {
                **self == *other
            }
        }

        impl<$($life,)? T: Eq + Send + 'static, R: Recycler<T>> Eq for $guard<$($life,)? T, R> {}

        impl<$($life,)? T: PartialOrd + Send + 'static, R: Recycler<T>> PartialOrd
            for $guard<$($life,)? T, R>
        {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                (**self).partial_cmp(&**other)
            }
        }

        impl<$($life,)? T: Ord + Send + 'static, R: Recycler<T>> Ord for $guard<$($life,)? T, R> {
            fn cmp(&self, other: &Self) -> Ordering {
                (**self).cmp(&**other)
            }
        }

        impl<$($life,)? T: Hash + Send + 'static, R: Recycler<T>> Hash for $guard<$($life,)? T, R> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                (**self).hash(state);
            }
        }
    };
}

guard!(Pooled<'a>);
guard!(OwnedPooled);

/// The object is taken only by `drop` and `detach`, which own the guard.
#[cold]
#[inline(never)]
fn gone() -> ! {
    unreachable!("a guard was used after its object had left it")
}
