use millpond::{Pool, Pooled};

fn lend() -> Pooled<'static, Vec<u8>> {
    let pool = Pool::from_fn(Vec::<u8>::new);
    pool.get()
}

fn main() {
    drop(lend());
}
