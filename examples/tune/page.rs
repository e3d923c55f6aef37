//! The page: what was found, as HTML that needs no other file.

use crate::numbers::{best, median, plural};
use crate::plot::{Colour, Figure, above};
use crate::report::{COLUMNS, Findings, bytes, cells, describe};
use std::fmt::Write;
use std::fs;

const BLUE: Colour = (25, 113, 194);
const ORANGE: Colour = (232, 119, 34);

const STYLE: &str = "
  body { font: 15px/1.5 system-ui, sans-serif; color: #212529; background: #fff;
         max-width: 880px; margin: 2em auto; padding: 0 1em; }
  h1 { font-size: 1.5em; margin-bottom: .2em; }
  h2 { font-size: 1.1em; margin: 1.8em 0 .2em; }
  p.lead { background: #ebfbee; border-left: 4px solid #40c057; padding: .7em 1em; }
  figure { margin: 0; }
  figcaption { color: #495057; font-size: .9em; }
  figcaption span { margin-right: 1.4em; white-space: nowrap; }
  i { display: inline-block; width: 1.6em; height: 0; border-top: 3px solid;
      vertical-align: middle; margin-right: .5em; }
  i.band { height: .9em; border: 0; background: #d6f0db; }
  i.dash { border-top: 2px dashed #868e96; }
  svg { max-width: 100%; height: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .2em .9em; text-align: right; border-bottom: 1px solid #e9ecef; }
  td:last-child { text-align: left; color: #2b8a3e; }
  tr.recommended { background: #ebfbee; }
  dt { color: #495057; float: left; clear: left; width: 8em; }
  dd { margin-left: 8em; }
";

/// Renders the findings.
///
/// # Errors
///
/// If a figure cannot be drawn.
pub(crate) fn html(found: &Findings) -> Result<String, String> {
    let mut page = String::new();
    write(&mut page, found).map_err(|e| format!("cannot draw the page: {e}"))?;
    Ok(page)
}

fn write(page: &mut String, found: &Findings) -> Result<(), Box<dyn std::error::Error>> {
    let recommended = found.recommended().size;
    let advice = escaped(&found.advice.to_string());
    let name = escaped(&found.load.name);
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>How many objects per thread: {name}</title>\n<style>{STYLE}</style>\n\
         <h1>How many objects should each thread keep?</h1>\n<p>{name}; {}.</p>\n\
         <p class=\"lead\"><strong>Recommended: {recommended}</strong>, the smallest size \
         within 5% of the fastest. {}<br>Advised by the pool’s own counters: \
         <strong>{}</strong>. {} They say: {advice}.</p>\n",
        escaped(&describe(&found.plan)),
        found.noise().unwrap_or_default(),
        found.advised(),
        found.comparison(),
    )?;
    figures(page, found)?;
    table(page, found)?;
    conditions(page, found)?;
    Ok(())
}

fn figures(page: &mut String, found: &Findings) -> Result<(), Box<dyn std::error::Error>> {
    let sizes: Vec<usize> = found.rows.iter().map(|row| row.size).collect();
    let at = |size| sizes.iter().position(|&other| other == size);
    let (recommended, advised) = (at(found.recommended().size), at(found.advised()));
    let values = |value: &dyn Fn(&crate::measure::Row) -> f64| -> Vec<f64> {
        found.rows.iter().map(value).collect()
    };
    let mut figure = |title: &str,
                      names: &[&str],
                      curves: &[(Vec<f64>, Colour)],
                      top: Option<f64>,
                      unit: fn(f64) -> String|
     -> Result<(), Box<dyn std::error::Error>> {
        let max = curves.iter().flat_map(|(values, _)| values).copied();
        let top = top.unwrap_or_else(|| above(max.fold(0.0, f64::max)));
        let svg = Figure {
            sizes: &sizes,
            recommended,
            advised,
            curves,
            top,
            unit,
        }
        .svg()
        .map_err(|e| e.to_string())?;
        write!(page, "<h2>{title}</h2>\n<figure>\n<figcaption>")?;
        for (name, (_, (r, g, b))) in names.iter().zip(curves) {
            write!(
                page,
                "<span><i style=\"color:rgb({r},{g},{b})\"></i>{name}</span>"
            )?;
        }
        write!(page, "<span><i class=\"band\"></i>recommended</span>")?;
        if advised.is_some() {
            write!(page, "<span><i class=\"dash\"></i>advised</span>")?;
        }
        write!(page, "</figcaption>\n{svg}</figure>\n")?;
        Ok(())
    };

    figure(
        "Where the pool found an object",
        &["in the thread’s own tier", "there or in the shared one"],
        &[
            (values(&|row| row.local), BLUE),
            (values(&|row| row.local + row.global), ORANGE),
        ],
        Some(105.0),
        |percent| format!("{percent:.0}%"),
    )?;
    figure(
        "Time for one object: borrowed, filled, given back",
        &["best round", "median round"],
        &[
            (values(&|row| best(&row.nanos)), BLUE),
            (values(&|row| median(&row.nanos)), ORANGE),
        ],
        None,
        |nanos| format!("{nanos:.0} ns"),
    )?;
    // In whole units of two thousand, or the axis would have crooked numbers.
    let most = found.rows.iter().map(|row| row.idle_bytes).max();
    let (scale, unit): (f64, fn(f64) -> String) = match most {
        Some(n) if n >= 2 << 20 => (1024.0 * 1024.0, |n| format!("{n:.1} MiB")),
        _ => (1024.0, |n| format!("{n:.0} KiB")),
    };
    figure(
        "Memory that the pool keeps when everything has come back",
        &["retained"],
        &[(values(&|row| row.idle_bytes as f64 / scale), BLUE)],
        None,
        unit,
    )
}

fn table(page: &mut String, found: &Findings) -> std::fmt::Result {
    write!(page, "<h2>The same in figures</h2>\n<table>\n<tr>")?;
    for column in COLUMNS {
        write!(page, "<th>{column}</th>")?;
    }
    writeln!(page, "</tr>")?;
    let recommended = found.recommended().size;
    for (row, cells) in found.rows.iter().zip(cells(found)) {
        let class = match row.size == recommended {
            true => " class=\"recommended\"",
            false => "",
        };
        write!(page, "<tr{class}>")?;
        for cell in cells {
            write!(page, "<td>{}</td>", escaped(&cell))?;
        }
        writeln!(page, "</tr>")?;
    }
    writeln!(page, "</table>")
}

fn conditions(page: &mut String, found: &Findings) -> std::fmt::Result {
    let plan = &found.plan;
    let advice = &found.advice;
    let machine = format!(
        "{}, {}, {} {}",
        processor().unwrap_or_else(|| "unknown processor".to_owned()),
        plural(plan.cores as u64, "core"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    );
    let build = match cfg!(debug_assertions) {
        true => "debug: the times say nothing",
        false => "release",
    };
    let rows = [
        ("load", found.load.name.clone()),
        ("threads", describe(plan)),
        ("rounds", format!("{}, the sizes in turn", plan.rounds)),
        (
            "memory",
            format!(
                "at the advised size, at most {} for a thread, {} for all",
                bytes(advice.bytes_per_thread as f64),
                bytes(advice.bytes as f64)
            ),
        ),
        ("machine", machine),
        (
            "millpond",
            format!("{}, {build} build", env!("CARGO_PKG_VERSION")),
        ),
    ];
    write!(page, "<h2>How it was measured</h2>\n<dl>\n")?;
    for (term, text) in rows {
        writeln!(page, "<dt>{term}</dt><dd>{}</dd>", escaped(&text))?;
    }
    writeln!(
        page,
        "</dl>\n<p>Times are those of a borrowing core, wall clock, from the first thread’s \
         start to the last one’s end. <em>Own tier</em>, <em>shared</em> and <em>new</em> say \
         where borrowed objects came from; <em>retained</em> is <code>Stats::idle_bytes</code> \
         at rest.</p>\n</html>"
    )
}

/// The processor's name, where the system tells it in a file.
fn processor() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::found;

    #[test]
    fn the_page_is_complete_and_needs_nothing_else() {
        let mut found = found(&[(0, 500.0), (8, 100.0), (16, 90.0)]);
        found.load.name = "<script> & \"more\"".to_owned();
        let page = html(&found).unwrap();
        assert_eq!(page.matches("<svg").count(), 3);
        assert_eq!(page.matches("<tr").count(), 4);
        assert!(page.contains("<strong>Recommended: 16</strong>"));
        assert!(page.contains("&lt;script&gt; &amp; &quot;more&quot;"));
        let without_namespaces = page.replace("http://www.w3.org/2000/svg", "");
        for foreign in [
            "http:", "https:", "<script", "<link", "<img", "url(", "@import",
        ] {
            assert!(!without_namespaces.contains(foreign), "{foreign}");
        }
    }
}
