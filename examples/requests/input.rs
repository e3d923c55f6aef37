//! Reading requests: JSON lines of `[name, value]` pairs.
//!
//! Everything a server's parser would do is done here, once and before any
//! clock runs: the lists below are what all variants are fed with.

use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::io::{self, BufRead};

/// Longest line accepted. Servers stop at heads of 8 to 64 KB, and a file
/// without line ends must not end up in memory whole.
const MAX_LINE: usize = 1 << 20;

/// One recorded request, split and decoded.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    /// The line it came from.
    pub(crate) line: u64,
    /// Headers in order. Pseudo-headers are not among them: a server turns
    /// those into a method and a target before it fills a map.
    pub(crate) headers: Vec<(String, String)>,
    /// Query parameters in order, decoded as forms encode them.
    pub(crate) query: Vec<(String, String)>,
    /// What lies between the slashes of the path, percent-decoded.
    pub(crate) segments: Vec<String>,
}

/// Reads all requests. Each malformed line is passed to `malformed` with its
/// number and the reason, and skipped; empty lines are skipped without a word.
///
/// # Errors
///
/// Only those of reading: what has been read until then is lost.
pub(crate) fn read(
    mut input: impl BufRead,
    mut malformed: impl FnMut(u64, &str),
) -> io::Result<Vec<Request>> {
    let mut requests = Vec::new();
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        bytes.clear();
        let length = read_line(&mut input, &mut bytes)?;
        if length == 0 {
            return Ok(requests);
        }
        line += 1;
        if line == 1 && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3); // a byte order mark, as some editors leave it
        }
        let text = bytes.trim_ascii();
        if length > MAX_LINE as u64 {
            malformed(line, "longer than 1 MiB");
        } else if !text.is_empty() {
            match parse(line, text) {
                Ok(request) => requests.push(request),
                Err(reason) => malformed(line, &reason),
            }
        }
    }
}

/// Reads up to and including the next line end. Returns the line's full length
/// but keeps no more than `MAX_LINE` bytes of it.
fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<u64> {
    let mut length = 0;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let end = chunk.iter().position(|&b| b == b'\n');
        let take = end.map_or(chunk.len(), |end| end + 1);
        let keep = take.min(MAX_LINE - bytes.len());
        bytes.extend_from_slice(&chunk[..keep]);
        input.consume(take);
        length += take as u64;
        if end.is_some() || take == 0 {
            return Ok(length);
        }
    }
}

/// One line, or in a few words what is wrong with it.
fn parse(line: u64, text: &[u8]) -> Result<Request, String> {
    let text = std::str::from_utf8(text)
        .map_err(|e| format!("not UTF-8 after {} good bytes", e.valid_up_to()))?;
    let value = serde_json::from_str(text).map_err(|e| not_json(&e))?;
    let pairs = match value {
        Value::Array(pairs) if pairs.is_empty() => return Err("no pair in the list".to_owned()),
        Value::Array(pairs) => pairs,
        other => return Err(format!("{}, not a list of pairs", kind(&other))),
    };

    let mut target = None;
    let mut headers = Vec::with_capacity(pairs.len());
    for (index, pair) in pairs.into_iter().enumerate() {
        let (name, value) = name_and_value(pair).map_err(|e| format!("item {}: {e}", index + 1))?;
        match name.strip_prefix(':') {
            None => headers.push((name, value)),
            // Of a repeated `:path` the first counts, as `:path` comes once.
            Some("path") => target = target.or(Some(value)),
            Some(_) => {}
        }
    }
    // A list without `:path` is still a list of headers.
    let target = target.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Ok(Request {
        line,
        headers,
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        segments: segments(path),
    })
}

fn name_and_value(pair: Value) -> Result<(String, String), String> {
    let Value::Array(items) = pair else {
        return Err(format!("{}, not a pair", kind(&pair)));
    };
    let [name, value] = <[Value; 2]>::try_from(items)
        .map_err(|items| format!("a list of {}, not a pair", items.len()))?;
    let text = |what, value| match value {
        Value::String(text) => Ok(text),
        other => Err(format!("the {what} is {}, not a string", kind(&other))),
    };
    Ok((text("name", name)?, text("value", value)?))
}

/// `/a/b%20c/` has the segments `a`, `b c` and an empty one, as URLs define it.
fn segments(path: &str) -> Vec<String> {
    if path.is_empty() {
        return Vec::new();
    }
    let decode = |s| percent_decode_str(s).decode_utf8_lossy().into_owned();
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').map(decode).collect()
}

/// What serde_json says, without its line number, which is always 1 here.
fn not_json(e: &serde_json::Error) -> String {
    let message = e.to_string();
    let (what, _) = message.split_once(" at line ").unwrap_or((&message, ""));
    format!("not JSON: {what} at column {}", e.column())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(input: &[u8]) -> (Vec<Request>, Vec<(u64, String)>) {
        let mut malformed = Vec::new();
        let requests = read(input, |line, why| malformed.push((line, why.to_owned()))).unwrap();
        (requests, malformed)
    }

    fn good(input: &str) -> Request {
        let (mut requests, malformed) = read_all(input.as_bytes());
        assert_eq!((requests.len(), &malformed[..]), (1, &[][..]));
        requests.remove(0)
    }

    fn bad(input: &[u8]) -> String {
        let (requests, mut malformed) = read_all(input);
        assert_eq!((requests.len(), malformed.len()), (0, 1));
        let (line, why) = malformed.remove(0);
        assert_eq!(line, 1);
        why
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |&(n, v): &(&str, &str)| (n.to_owned(), v.to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn a_request_is_split_and_decoded() {
        let request = good(
            r#"[[":method","GET"],[":path","/caf%C3%A9/a%2Fb//?tag=a&tag=b&q=caf%C3%A9+bar&empty=&bare"],
               ["accept","x"],["via","1"],["via","2"],["x-empty",""]]"#
                .replace('\n', "")
                .as_str(),
        );
        let headers = [("accept", "x"), ("via", "1"), ("via", "2"), ("x-empty", "")];
        assert_eq!(request.headers, pairs(&headers));
        let query = [
            ("tag", "a"),
            ("tag", "b"),
            ("q", "café bar"),
            ("empty", ""),
            ("bare", ""),
        ];
        assert_eq!(request.query, pairs(&query));
        assert_eq!(request.segments, ["café", "a/b", "", ""]);
    }

    #[test]
    fn unusual_targets() {
        let target = |target: &str| good(&format!(r#"[[":path","{target}"]]"#));
        assert_eq!(target("/").segments, [""]);
        assert_eq!(target("*").segments, ["*"]);
        assert_eq!(target("/?a=1?b").query, pairs(&[("a", "1?b")]));
        // Not UTF-8 once decoded: replaced, as url and most servers do.
        assert_eq!(target("/%FF?%FF").segments, ["\u{FFFD}"]);
        assert_eq!(target("/100%").segments, ["100%"]);
        let none = good(r#"[["accept","x"]]"#);
        assert!(none.query.is_empty() && none.segments.is_empty());
    }

    #[test]
    fn lines_may_end_and_begin_in_many_ways() {
        let line = r#"[["a","1"]]"#;
        let input = format!("\u{FEFF}{line}\r\n\n  \r\n\t{line} \n{line}");
        let (requests, malformed) = read_all(input.as_bytes());
        let lines: Vec<u64> = requests.iter().map(|r| r.line).collect();
        assert_eq!((lines, malformed), (vec![1, 4, 5], vec![]));
        assert_eq!(read_all(b""), (vec![], vec![]));
        assert_eq!(read_all(b"\xEF\xBB\xBF"), (vec![], vec![]));
    }

    #[test]
    fn each_malformed_line_has_its_reason() {
        assert!(bad(b"[[\"a\",\"1\"]").starts_with("not JSON: EOF"));
        assert!(bad(b"hello").ends_with("at column 1"));
        assert!(bad(b"[[\"a\",\"1\"]] [[\"b\",\"2\"]]").contains("trailing characters"));
        assert_eq!(bad(b"{\"a\":1}"), "an object, not a list of pairs");
        assert_eq!(bad(b"null"), "null, not a list of pairs");
        assert_eq!(bad(b"[]"), "no pair in the list");
        assert_eq!(bad(b"[[\"a\",\"1\"],7]"), "item 2: a number, not a pair");
        assert_eq!(bad(b"[[\"a\"]]"), "item 1: a list of 1, not a pair");
        assert_eq!(
            bad(b"[[\"a\",true]]"),
            "item 1: the value is a boolean, not a string"
        );
        assert_eq!(
            bad(b"[[[],\"a\"]]"),
            "item 1: the name is a list, not a string"
        );
        assert_eq!(bad(b"[[\"a\",\"\xFF\"]]"), "not UTF-8 after 7 good bytes");
        // Nesting must not exhaust the stack.
        assert!(bad(&[b'['; 100_000]).contains("recursion limit"));
    }

    #[test]
    fn a_bad_line_does_not_hide_the_next() {
        let (requests, malformed) = read_all(b"[[\"a\",\"1\"]]\n\xFF\xFE\n{}\n[[\"b\",\"2\"]]\n");
        let lines: Vec<u64> = requests.iter().map(|r| r.line).collect();
        assert_eq!(lines, [1, 4]);
        let lines: Vec<u64> = malformed.iter().map(|m| m.0).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn a_line_up_to_the_limit_is_read_and_a_longer_one_is_skipped() {
        let line = |value: usize| format!("[[\"a\",\"{}\"]]\n", "x".repeat(value));
        let frame = line(0).len();
        let (requests, malformed) = read_all(line(MAX_LINE - frame).as_bytes());
        assert_eq!((requests.len(), malformed.len()), (1, 0));

        let input = line(MAX_LINE - frame + 1) + &line(1) + &line(3 * MAX_LINE);
        let (requests, malformed) = read_all(input.as_bytes());
        assert_eq!((requests.len(), requests[0].line), (1, 2));
        let longer = |line| (line, "longer than 1 MiB".to_owned());
        assert_eq!(malformed, [longer(1), longer(3)]);
    }
}
