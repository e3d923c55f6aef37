use millpond::Pool;
use std::rc::Rc;

fn main() {
    let capacity = Rc::new(64);
    let pool = Pool::from_fn(move || Vec::<u8>::with_capacity(*capacity));
    drop(pool.get());
}
