//! The little site that the recorder pretends to be: pages that make a browser
//! ask for everything that browsers ask for.

use crate::head::Head;
use std::io::{self, Write};

/// A shop's front page. Loading it fetches a style sheet, a script and images;
/// the script makes the requests that scripts make and then sends a form.
const FRONT: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Recorder</title>
<link rel="stylesheet" href="/static/css/site.css?v=3.1.4">
<link rel="preload" as="font" type="font/woff2" href="/static/fonts/text.woff2" crossorigin>
<script src="/static/js/app.js?v=3.1.4" defer></script></head>
<body><img src="/images/2024/05/caf%C3%A9%20au%20lait.png?w=640&amp;h=480&amp;fit=crop" alt="">
<img src="/images/logo@2x.png" alt="">
<iframe src="/embed/reviews/1042?theme=dark&amp;lang="></iframe>
<form action="/search" method="get"><input name="q" value="café bar & more">
<input name="category" value="food"><input name="category" value="drink">
<input name="min" value=""><input name="max" value="25.50"></form>
</body></html>
"#;

/// What the form on the front page leads to: one more form, sent as a POST.
const RESULTS: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Results</title>
<link rel="stylesheet" href="/static/css/site.css?v=3.1.4"></head>
<body><img src="/images/products/1042/thumb.webp?size=120x120" alt="">
<form action="/cart/items?return_to=%2Fsearch%3Fq%3Dcaf%25C3%25A9" method="post">
<input name="sku" value="A-1042/b"><input name="quantity" value="2">
<input name="note" value="no sugar, please — thanks"></form>
<script>addEventListener("load", () => document.forms[0].submit())</script>
</body></html>
"#;

const PLAIN: &str = "<!doctype html>\n<html lang=\"en\"><title>Done</title><p>Done.</p></html>\n";

const SCRIPT: &str = r#"const query = new URLSearchParams([
  ["page", "2"], ["sort", "asc"], ["tag", "a"], ["tag", "b"], ["q", "café bar"], ["empty", ""]]);
const json = { "content-type": "application/json", "x-requested-with": "XMLHttpRequest" };
const upload = new FormData();
upload.append("file", new Blob(["hello"], { type: "text/plain" }), "naïve name.txt");
addEventListener("load", async () => {
  await fetch("/api/v2/users/1042/orders?" + query, { headers: { accept: "application/json" } });
  await fetch("/api/v2/users/1042/cart", {
    method: "PUT", headers: json, body: JSON.stringify({ sku: "A-1042/b", quantity: 2 }) });
  await fetch("/api/v2/events", { method: "POST", body: new URLSearchParams({ a: "1", b: "ü" }) });
  await fetch("/upload?folder=holiday%2F2024", { method: "POST", body: upload });
  await fetch("/api/v2/users/1042/sessions/9f8e7d", { method: "DELETE", cache: "no-store" });
  await fetch("/api/v2/suggest?prefix=caf%C3%A9+b&limit=10", { credentials: "omit" });
  navigator.sendBeacon("/beacon?t=1716120000&ev=scroll&ev=click", "x=1");
  document.forms[0].submit();
});
"#;

/// A transparent pixel.
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0\
    ,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Answers 200 with something that fits the path.
pub(crate) fn answer(output: &mut impl Write, head: &Head) -> io::Result<()> {
    let path = head.get(":path").unwrap_or("/");
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let (kind, body): (_, &[u8]) = match path.rsplit_once('.') {
        Some((_, "css")) => ("text/css", b"body { font-family: sans-serif }\n"),
        Some((_, "js")) => ("text/javascript", SCRIPT.as_bytes()),
        Some((_, "png" | "webp" | "gif" | "jpg" | "ico" | "svg")) => ("image/gif", PIXEL),
        _ if path.starts_with("/api/") => ("application/json", b"{\"ok\":true}\n"),
        _ if path == "/" => ("text/html; charset=utf-8", FRONT.as_bytes()),
        _ if path == "/search" => ("text/html; charset=utf-8", RESULTS.as_bytes()),
        _ => ("text/html; charset=utf-8", PLAIN.as_bytes()),
    };
    // Cookies make the client's next requests look like those of a visitor.
    let cookies = match path {
        "/" | "/login" => {
            "Set-Cookie: session=5f2b8c1e9a7d4036; Path=/; HttpOnly\r\n\
             Set-Cookie: prefs=theme%3Ddark%26lang%3Den; Path=/\r\n"
        }
        _ => "",
    };
    let connection = if head.keep_alive {
        "keep-alive"
    } else {
        "close"
    };
    let length = body.len();
    // `no-store`: a browser's second visit must ask for everything again.
    write!(
        output,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\n{cookies}Connection: {connection}\r\n\r\n"
    )?;
    if head.get(":method") != Some("HEAD") {
        output.write_all(body)?;
    }
    output.flush()
}

/// Answers 400 to what is no request.
pub(crate) fn refuse(output: &mut impl Write, reason: &str) -> io::Result<()> {
    let length = reason.len() + 1;
    write!(
        output,
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{reason}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head;

    fn reply(request: &str) -> String {
        let mut bytes = Vec::new();
        answer(&mut bytes, &head::parse(request.as_bytes()).unwrap()).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn the_kind_fits_the_path_and_head_has_no_body() {
        let page = reply("GET / HTTP/1.1\r\n\r\n");
        assert!(page.contains("text/html") && page.ends_with("</html>\n"));
        assert!(reply("GET /a/b.css?v=1 HTTP/1.1\r\n\r\n").contains("text/css"));
        let head = reply("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
        assert!(head.ends_with("\r\n\r\n") && head.contains("Connection: close"));
    }
}
