use millpond::Pool;
use std::cell::Cell;

static POOL: Pool<Vec<Cell<u8>>> = Pool::new().with_create(Vec::new);

fn share_with_threads(_guard: &impl Sync) {}

fn main() {
    share_with_threads(&POOL.get());
}
