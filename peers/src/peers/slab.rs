//! sharded-slab as a source. An object is given back by clearing its key once the
//! guard is gone, which its user has to remember; here a guard around it does.

use sharded_slab::pool::{OwnedRefMut, RefMut};
use sharded_slab::{Clear, Pool};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

macro_rules! loan {
    ($loan:ident, $guard:ty, $pool:ty, $create:expr) => {
        /// A guard that gives back.
        pub struct $loan<T: Clear + Default + 'static> {
            pool: &'static Pool<T>,
            // Taken only by drop.
            guard: Option<$guard>,
        }

        impl<T: Clear + Default> $loan<T> {
            #[inline]
            pub(crate) fn of(pool: &'static $pool) -> Self {
                let guard: Option<$guard> = $create(pool);
                assert!(guard.is_some(), "the slab is full");
                Self { pool, guard }
            }
        }

        impl<T: Clear + Default> Drop for $loan<T> {
            #[inline]
            fn drop(&mut self) {
                if let Some(guard) = self.guard.take() {
                    let key = guard.key();
                    drop(guard);
                    self.pool.clear(key);
                }
            }
        }

        impl<T: Clear + Default> Deref for $loan<T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                self.guard.as_ref().expect("taken only by drop")
            }
        }

        impl<T: Clear + Default> DerefMut for $loan<T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                self.guard.as_mut().expect("taken only by drop")
            }
        }

        impl<T: Clear + Default> fmt::Debug for $loan<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($loan)).finish_non_exhaustive()
            }
        }
    };
}

loan!(Loan, RefMut<'static, T>, Pool<T>, Pool::create);
loan!(OwnedLoan, OwnedRefMut<T>, Arc<Pool<T>>, |pool: &Arc<_>| {
    Pool::create_owned(Arc::clone(pool))
});
