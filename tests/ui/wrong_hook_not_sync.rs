use millpond::Pool;
use std::cell::Cell;

fn main() {
    let seen = Cell::new(0);
    let pool = Pool::from_fn(Vec::<u8>::new)
        .with_drop_hook_fn(move |_, _| seen.set(seen.get() + 1));
    drop(pool.get());
}
