//! From the bytes of a request's head to the pairs that are recorded.

/// How the body after the head is framed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Body {
    Length(u64),
    Chunked,
}

/// What the recorder needs to know of a request.
#[derive(Debug)]
pub(crate) struct Head {
    /// Pseudo-headers, then headers: what is recorded.
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) keep_alive: bool,
    pub(crate) wants_continue: bool,
}

impl Head {
    /// The first value of a header or pseudo-header; `name` in lower case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(n, _)| n == name)?;
        Some(&pair.1)
    }
}

/// Parses a complete head, or says in a few words why it cannot be recorded.
pub(crate) fn parse(bytes: &[u8]) -> Result<Head, String> {
    let mut fields = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(status) if status.is_complete() => {}
        Ok(_) => return Err("the head has no end".to_owned()),
        Err(e) => return Err(format!("not an HTTP/1 request: {e}")),
    }
    // A complete parse has all three.
    let method = request.method.unwrap_or_default();
    let target = request.path.unwrap_or_default();
    let one_point_one = request.version == Some(1);

    let host = request
        .headers
        .iter()
        .find(|h| h.name.eq_ignore_ascii_case("host"))
        .map(|h| text(h.value))
        .unwrap_or_default();
    let (authority, path) = match target.strip_prefix("http://") {
        // The form that proxies are asked in: the target names the host.
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let slash = if path.starts_with('/') { "" } else { "/" };
            (authority.to_owned(), format!("{slash}{path}"))
        }
        None if target.starts_with('/') || target == "*" => (host, target.to_owned()),
        None => return Err(format!("{method} asks for a tunnel, not for a path")),
    };

    let mut pairs = Vec::with_capacity(request.headers.len() + 4);
    let mut pair = |name: &str, value: String| pairs.push((name.to_ascii_lowercase(), value));
    pair(":scheme", "http".to_owned());
    pair(":authority", authority);
    pair(":path", path);
    for field in request.headers.iter() {
        if !field.name.eq_ignore_ascii_case("host") {
            pair(field.name, text(field.value));
        }
    }
    // Methods are case-sensitive, so this one does not go through `pair`.
    pairs.insert(0, (":method".to_owned(), method.to_owned()));

    let mut head = Head {
        pairs,
        body: Body::Length(0),
        keep_alive: false,
        wants_continue: false,
    };
    let has = |name, word| head.get(name).is_some_and(|v| lists(v, word));
    let keep_alive = match one_point_one {
        true => !has("connection", "close"),
        false => has("connection", "keep-alive"),
    };
    let wants_continue = has("expect", "100-continue");
    let body = if has("transfer-encoding", "chunked") {
        Body::Chunked
    } else {
        match head.get("content-length").map(str::parse) {
            None => Body::Length(0),
            Some(Ok(length)) => Body::Length(length),
            Some(Err(_)) => return Err("content-length is not a number".to_owned()),
        }
    };
    head.body = body;
    head.keep_alive = keep_alive;
    head.wants_continue = wants_continue;
    Ok(head)
}

/// Does the comma-separated value list this word?
fn lists(value: &str, word: &str) -> bool {
    value
        .split(',')
        .any(|w| w.trim().eq_ignore_ascii_case(word))
}

/// A header value as text: UTF-8 if it is that, else Latin-1, which is what
/// HTTP's fathers meant and what maps every byte to something.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|&b| char::from(b)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
        parse(bytes).unwrap().pairs
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |&(n, v): &(&str, &str)| (n.to_owned(), v.to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn pseudo_headers_come_first_and_host_becomes_authority() {
        let bytes = b"GET /a?b=C HTTP/1.1\r\nAccept: x\r\nHost: h:1\r\nX-A: 1\r\nX-A: 2\r\n\r\n";
        let expected = [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "h:1"),
            (":path", "/a?b=C"),
            ("accept", "x"),
            ("x-a", "1"),
            ("x-a", "2"),
        ];
        assert_eq!(pairs(bytes), owned(&expected));
    }

    #[test]
    fn a_target_with_a_host_wins_over_the_host_header() {
        let recorded = pairs(b"GET http://b.example?x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!((&*recorded[2].1, &*recorded[3].1), ("b.example", "/?x"));
        let recorded = pairs(b"GET http://b.example/c?x HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!((&*recorded[2].1, &*recorded[3].1), ("b.example", "/c?x"));
    }

    #[test]
    fn values_that_are_not_utf8_are_latin1() {
        let recorded = pairs(b"GET / HTTP/1.1\r\nA: caf\xe9\r\nB: caf\xc3\xa9\r\n\r\n");
        assert_eq!((&*recorded[4].1, &*recorded[5].1), ("café", "café"));
    }

    #[test]
    fn bodies_and_connections() {
        let head = |text: &str| parse(text.as_bytes()).unwrap();
        let plain = head("GET / HTTP/1.1\r\n\r\n");
        assert_eq!((plain.body, plain.keep_alive), (Body::Length(0), true));
        let post = head("POST / HTTP/1.0\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!((post.body, post.keep_alive), (Body::Length(7), false));
        assert!(post.wants_continue);
        let ab = head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        assert!(ab.keep_alive);
        let chunked = head("PUT / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n");
        assert_eq!(chunked.body, Body::Chunked);
        let closing = head("GET / HTTP/1.1\r\nConnection: TE, close\r\n\r\n");
        assert!(!closing.keep_alive);
    }

    #[test]
    fn what_cannot_be_recorded_says_why() {
        let reason = |bytes: &[u8]| parse(bytes).unwrap_err();
        assert!(reason(b"\x16\x03\x01 TLS\r\n\r\n").contains("not an HTTP/1 request"));
        assert!(reason(b"GET / HTTP/1.1\r\nHost: a\r\n").contains("no end"));
        assert!(reason(b"CONNECT a:443 HTTP/1.1\r\n\r\n").contains("tunnel"));
        let bad = b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n";
        assert!(reason(bad).contains("content-length"));
    }
}
