use millpond::Pool;

static POOL: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);

fn main() {
    let guard = POOL.get();
    let first = guard.first();
    drop(guard);
    println!("{first:?}");
}
