use millpond::Pool;
use std::cell::Cell;

static POOL: Pool<Vec<Cell<u8>>> = Pool::new().with_create(Vec::new);

fn main() {
    let guard = POOL.get();
    std::thread::scope(|scope| {
        scope.spawn(|| guard.len());
    });
}
