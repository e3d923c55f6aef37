//! What the borrowed maps are filled with.

use crate::input::Request;
use crate::numbers::plural;
use crate::source::Loaded;
use millpond::StringMap;

pub(crate) struct Load {
    /// In words.
    pub(crate) name: String,
    /// The pairs of each map, one after the other, and again from the start.
    maps: Vec<Vec<(String, String)>>,
}

impl Load {
    /// One map for each request: its headers.
    pub(crate) fn recorded(loaded: Loaded) -> Self {
        let requests = plural(loaded.requests.len() as u64, "request");
        let headers = |request: Request| request.headers;
        Self {
            name: format!("headers of {requests} in {}", loaded.source),
            maps: loaded.requests.into_iter().map(headers).collect(),
        }
    }

    /// The same map over and over.
    pub(crate) fn synthetic(pairs: usize) -> Self {
        let name = match pairs {
            0 => "maps that stay empty".to_owned(),
            _ => format!("maps of {}", plural(pairs as u64, "made-up pair")),
        };
        let pair = |n| (format!("name-{n}"), format!("the value of name {n}"));
        Self {
            name,
            maps: vec![(0..pairs).map(pair).collect()],
        }
    }

    /// Fills the map that is the `n`th.
    pub(crate) fn fill(&self, n: usize, map: &mut StringMap) {
        for (name, value) in &self.maps[n % self.maps.len()] {
            map.append(name, value);
        }
    }

    /// After so many maps, each was filled once.
    pub(crate) fn len(&self) -> usize {
        self.maps.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_load_is_the_headers_and_goes_around() {
        let lines =
            b"[[\":path\",\"/?q=1\"],[\"accept\",\"x\"]]\n[[\"via\",\"1\"],[\"via\",\"2\"]]\n";
        let mut input = &lines[..];
        let path = std::path::Path::new("-");
        let loaded = crate::source::load("tune", Some(path), &mut input, &mut Vec::new());
        let load = Load::recorded(loaded.unwrap());
        assert_eq!(load.name, "headers of 2 requests in standard input");
        assert_eq!(load.len(), 2);
        let filled = |n| {
            let mut map = StringMap::new();
            load.fill(n, &mut map);
            map
        };
        assert_eq!(filled(0).get("accept").unwrap(), ["x"]);
        assert_eq!(filled(1).get("via").unwrap(), ["1", "2"]);
        assert_eq!(filled(2), filled(0));
    }

    #[test]
    fn synthetic_maps_have_as_many_pairs_as_asked_for() {
        for pairs in [0, 1, 30] {
            let mut map = StringMap::new();
            Load::synthetic(pairs).fill(7, &mut map);
            assert_eq!(map.len(), pairs);
        }
    }
}
