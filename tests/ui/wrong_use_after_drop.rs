use millpond::Pool;

static POOL: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);

fn main() {
    let guard = POOL.get();
    drop(guard);
    println!("{}", guard.len());
}
