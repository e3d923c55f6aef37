use millpond::Pool;
use std::rc::Rc;

fn main() {
    let pool = Pool::from_fn(Vec::<Rc<u8>>::new);
    drop(pool.get());
}
