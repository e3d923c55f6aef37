use millpond::{Pool, Pooled};

static POOL: Pool<Vec<u8>> = Pool::new().with_create(Vec::new);

fn main() {
    let guard = POOL.get();
    let vec = Pooled::detach(guard);
    println!("{} {}", vec.len(), guard.len());
}
