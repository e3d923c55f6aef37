use millpond::Pool;

fn main() {
    let pool = Pool::from_fn(Vec::<u8>::new);
    let guard = pool.get();
    drop(pool);
    drop(guard);
}
