//! The command line.

use clap::Parser;
use std::ffi::OsString;
use std::io::Write;

/// Reads it, or says what is wrong with it, or prints the help that it asks for: then
/// the exit status.
pub(crate) fn parse<A: Parser>(
    args: impl IntoIterator<Item = OsString>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<A, u8> {
    A::try_parse_from(args).map_err(|e| {
        let to: &mut dyn Write = if e.use_stderr() { stderr } else { stdout };
        let _ = write!(to, "{e}");
        e.exit_code() as u8
    })
}
