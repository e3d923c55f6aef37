//! A recorder: writes down what HTTP clients send.
//!
//! It listens on 127.0.0.1 (and nowhere else), answers every request with 200,
//! and writes each request as one line: a JSON array of `[name, value]` pairs.
//! `corpus/record.sh` drives real clients at it and so makes
//! `corpus/requests.jsonl`, which the `requests` example replays.
//!
//! ```text
//! cargo run --release --example record -- --port 8080 --out mine.jsonl
//! ```
//!
//! The pairs are what a server feeds to its maps, not the bytes on the wire:
//! names in lower case, as HTTP/2 demands and as hyper and its family store
//! HTTP/1.1 names too; `:method`, `:scheme`, `:authority` and `:path` first,
//! with the `Host` header turned into `:authority`; then the headers in the
//! order in which they came, repeated ones repeated. Bodies are read and
//! forgotten.
//!
//! Exit status: 0 after `--count` requests, 2 if it could not start or write.

mod head;
mod site;

use clap::Parser;
use head::{Body, Head};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Longest head accepted. Browsers and servers draw the line between 8 and 64 KB.
const MAX_HEAD: u64 = 64 * 1024;
/// A silent client must not hold its thread for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Record the requests that HTTP clients send to this machine's loopback.
#[derive(Parser)]
#[command(name = "record")]
struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// File to write, replaced if it exists; `-` is standard output.
    #[arg(long, default_value = "-")]
    out: PathBuf,
    /// Stop after this many requests; without it, record until interrupted.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

/// Where recorded lines go, shared by all connections.
struct Tape {
    out: Mutex<(Box<dyn Write + Send>, u64)>,
    count: Option<u64>,
    /// Tells `main` how the recording ended.
    ended: Sender<io::Result<()>>,
}

impl Tape {
    /// Writes one line and flushes it, so that an interrupted recording is
    /// complete up to its last request. Says whether this was the last.
    fn record(&self, head: &Head) -> io::Result<bool> {
        let mut line = serde_json::to_vec(&head.pairs)?;
        line.push(b'\n');
        let mut guard = self.out.lock().expect("no panic while writing");
        let (out, written) = &mut *guard;
        if Some(*written) == self.count {
            return Ok(false); // came after the last one: answered, not recorded
        }
        out.write_all(&line)?;
        out.flush()?;
        *written += 1;
        Ok(Some(*written) == self.count)
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "record: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    // The port first: a failure must not have emptied the file already.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .map_err(|e| format!("cannot listen on 127.0.0.1:{}: {e}", args.port))?;
    let name = args.out.display();
    let out: Box<dyn Write + Send> = match args.out.as_os_str() == "-" {
        true => Box::new(io::stdout()),
        false => {
            let file = File::create(&args.out);
            Box::new(file.map_err(|e| format!("cannot write {name}: {e}"))?)
        }
    };
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let _ = writeln!(io::stderr(), "record: listening on http://{address}");
    match record(listener, out, args.count) {
        Ok(()) => Ok(()),
        // The reader of our output has seen enough.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(e) => Err(format!("cannot write {name}: {e}")),
    }
}

/// Records until `count` requests are written, or one could not be.
fn record(listener: TcpListener, out: Box<dyn Write + Send>, count: Option<u64>) -> io::Result<()> {
    let (ended, end) = mpsc::channel();
    let tape = Arc::new(Tape {
        out: Mutex::new((out, 0)),
        count,
        ended,
    });
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tape = Arc::clone(&tape);
            // A connection that breaks off is the client's business.
            thread::spawn(move || serve(stream, &tape));
        }
    });
    // The listening thread holds a sender for as long as the process runs.
    end.recv().unwrap_or(Ok(()))
}

/// Serves one connection until it closes.
fn serve(stream: TcpStream, tape: &Tape) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream.try_clone()?);
    let mut output = stream;
    loop {
        let bytes = match read_head(&mut input)? {
            Some(bytes) => bytes,
            None => return Ok(()),
        };
        let head = match head::parse(&bytes) {
            Ok(head) => head,
            Err(reason) => {
                let _ = writeln!(io::stderr(), "record: not recorded: {reason}");
                return site::refuse(&mut output, &reason);
            }
        };
        if head.wants_continue {
            output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        skip_body(&mut input, head.body)?;
        let last = match tape.record(&head) {
            Ok(last) => last,
            Err(e) => {
                let _ = tape.ended.send(Err(e));
                return Ok(());
            }
        };
        // The last request is answered before the end is announced.
        let answered = site::answer(&mut output, &head);
        if last {
            let _ = tape.ended.send(Ok(()));
        }
        answered?;
        if !head.keep_alive {
            return Ok(());
        }
    }
}

/// The bytes up to and including the empty line; `None` if the client has
/// closed the connection instead.
fn read_head(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut limited = input.take(MAX_HEAD);
    loop {
        let start = bytes.len();
        if limited.read_until(b'\n', &mut bytes)? == 0 {
            // End of input, or the limit: then the head does not parse.
            return Ok((limited.limit() == 0).then_some(bytes));
        }
        if matches!(&bytes[start..], b"\n" | b"\r\n") {
            if start > 0 {
                return Ok(Some(bytes));
            }
            bytes.clear(); // an empty line before a request is allowed
        }
    }
}

/// Reads a body to its end, to find the next request behind it.
fn skip_body(input: &mut impl BufRead, body: Body) -> io::Result<()> {
    match body {
        Body::Length(length) => skip(input, length),
        Body::Chunked => loop {
            let mut line = Vec::new();
            input.by_ref().take(1024).read_until(b'\n', &mut line)?;
            match httparse::parse_chunk_size(&line) {
                Ok(httparse::Status::Complete((_, 0))) => {
                    // Trailers, if any, end with an empty line like a head does.
                    loop {
                        line.clear();
                        input.by_ref().take(MAX_HEAD).read_until(b'\n', &mut line)?;
                        if matches!(&line[..], b"" | b"\n" | b"\r\n") {
                            return Ok(());
                        }
                    }
                }
                Ok(httparse::Status::Complete((_, size))) => {
                    skip(input, size)?;
                    skip(input, 2)?;
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        },
    }
}

fn skip(input: &mut impl Read, bytes: u64) -> io::Result<()> {
    let skipped = io::copy(&mut input.by_ref().take(bytes), &mut io::sink())?;
    if skipped < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_at_the_empty_line_and_the_next_one_follows() {
        let mut input = &b"\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"[..];
        let first = read_head(&mut input).unwrap().unwrap();
        assert_eq!(first, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        let second = read_head(&mut input).unwrap().unwrap();
        assert_eq!(second, b"GET /2 HTTP/1.1\r\n\r\n");
        assert!(read_head(&mut input).unwrap().is_none());
    }

    #[test]
    fn an_endless_head_is_cut_and_then_refused() {
        let endless = vec![b'x'; 2 * MAX_HEAD as usize];
        let bytes = read_head(&mut &endless[..]).unwrap().unwrap();
        assert_eq!(bytes.len() as u64, MAX_HEAD);
        assert!(head::parse(&bytes).is_err());
    }

    #[test]
    fn bodies_are_skipped_to_the_byte() {
        let mut input = &b"hello!next"[..];
        skip_body(&mut input, Body::Length(6)).unwrap();
        assert_eq!(input, b"next");

        let mut input = &b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\ntrailer: 1\r\n\r\nnext"[..];
        skip_body(&mut input, Body::Chunked).unwrap();
        assert_eq!(input, b"next");

        assert!(skip_body(&mut &b"short"[..], Body::Length(6)).is_err());
        assert!(skip_body(&mut &b"no size\r\n"[..], Body::Chunked).is_err());
    }

    /// A file that the test can look into.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn requests_of_one_connection_are_recorded_up_to_the_count() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let file = Shared::default();
        let out = Box::new(file.clone());
        let recorder = thread::spawn(move || record(listener, out, Some(2)));

        let post = b"POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";
        let more = b"GET /last HTTP/1.0\r\nAccept: x\r\n\r\n";
        client.write_all(&[&post[..], more].concat()).unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2);
        recorder.join().unwrap().unwrap();
        let lines = file.0.lock().unwrap().clone();
        let expected = "[[\":method\",\"POST\"],[\":scheme\",\"http\"],[\":authority\",\"h\"],\
            [\":path\",\"/a?b=c\"],[\"content-length\",\"2\"]]\n\
            [[\":method\",\"GET\"],[\":scheme\",\"http\"],[\":authority\",\"\"],\
            [\":path\",\"/last\"],[\"accept\",\"x\"]]\n";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }

    #[test]
    fn errors_name_the_port_and_the_file() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let args = |port, out: &str| Args {
            port,
            out: out.into(),
            count: Some(1),
        };
        let message = run(&args(port, "-")).unwrap_err();
        assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
        let message = run(&args(0, "/nowhere/at/all")).unwrap_err();
        assert!(message.contains("/nowhere/at/all"), "{message}");
    }
}
