//! Which leaks are meant.

/// The beginning of a path, by whole components.
#[derive(Debug)]
pub(super) struct Prefix(Vec<String>);

/// The parts between `/` or `\`, without those that say nothing. A path from the root
/// begins with an empty one.
fn components(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split(['/', '\\']).enumerate();
    parts
        .filter(|(at, part)| *part != "." && (*at == 0 || !part.is_empty()))
        .map(|(_, part)| part)
}

impl Prefix {
    /// `None` if it would be the beginning of every path.
    pub(super) fn new(path: &str) -> Option<Self> {
        let parts: Vec<_> = components(path).map(String::from).collect();
        let is_any = parts.iter().all(String::is_empty);
        (!is_any).then_some(Self(parts))
    }

    /// Whether a file is below it, or it.
    pub(super) fn holds(&self, file: &str) -> bool {
        let mut parts = components(file);
        self.0
            .iter()
            .all(|part| parts.next() == Some(part.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_components_count_however_they_are_separated() {
        let table = [
            ("src/cache", "src/cache/lru.rs", true),
            ("src/cache/", "src/cache/lru.rs", true),
            ("./src//cache", "src/cache/lru.rs", true),
            ("src\\cache", "src/cache/lru.rs", true),
            ("src/cache", "src\\cache\\lru.rs", true),
            ("src/cache.rs", "src/cache.rs", true),
            ("src", "./src/cache.rs", true),
            ("src/cache", "src/cache.rs", false),
            ("src/cache", "src/cached/lru.rs", false),
            ("src/cache/lru.rs", "src/cache", false),
            ("src/cache", "crates/shop/src/cache/lru.rs", false),
            ("cache", "src/cache/lru.rs", false),
            ("src/größe", "src/größe/池.rs", true),
            ("/home/me", "/home/me/src/lib.rs", true),
            ("home/me", "/home/me/src/lib.rs", false),
            ("/src", "src/lib.rs", false),
            ("../other", "../other/src/lib.rs", true),
            ("C:\\work", "C:/work/src/lib.rs", true),
        ];
        for (prefix, file, expected) in table {
            let holds = Prefix::new(prefix).unwrap().holds(file);
            assert_eq!(holds, expected, "{prefix} of {file}");
        }
    }

    #[test]
    fn the_beginning_of_everything_is_refused() {
        for path in ["", ".", "./", "/", "\\", "//", "/."] {
            assert!(Prefix::new(path).is_none(), "{path:?}");
        }
    }
}
