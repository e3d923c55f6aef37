// The wrong ones put right: proof that they fail for what they get wrong.
use millpond::{Pool, Pooled};
use std::sync::Arc;

static POOL: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);

fn main() {
    let guard: Pooled<'static, Vec<u8>> = POOL.get();
    let first = guard.first().copied();
    drop(guard);
    assert_eq!(first, None);

    let pool = Pool::from_fn(Vec::<u8>::new);
    let guard = pool.get();
    let vec = Pooled::detach(guard);
    drop(pool);
    assert!(vec.is_empty());

    let shared = Arc::new(Pool::from_fn(Vec::<u8>::new));
    let guard = shared.get_owned();
    drop(shared);
    std::thread::spawn(move || drop(guard)).join().unwrap();
}
