//! The report as Markdown, for `docs/performance.md`.

use crate::cells::{self, COLUMNS, COUNTS, NOTHING, TIMES};
use crate::judged::{Group, Section};
use crate::outputs::Output;
use crate::report::{Matrix, Report};
use std::fmt::Write;

pub(crate) fn markdown(report: &Report) -> String {
    let mut out = String::new();
    write(&mut out, report).expect("a String takes everything");
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "# Performance\n\n<!-- Written by `cargo run --release -p millpond-report`. Edits are \
         lost: explanations are in report/explanations.toml. -->\n\n{}\n",
        report.summary()
    )?;
    writeln!(out, "{TIMES} {COUNTS} {NOTHING} was not measured.\n")?;
    table(
        out,
        &["", ""],
        report
            .machine
            .iter()
            .map(|(name, value)| [name.clone(), value.clone()]),
    )?;
    for section in &report.sections {
        self::section(out, section)?;
    }
    targets(out, report)?;
    instructions(out, report)?;
    capabilities(out, report)?;
    outputs(out, report)?;
    if !report.crates.is_empty() {
        writeln!(out, "\n## Versions\n")?;
        let versions = report.crates.iter();
        let versions: Vec<_> = versions
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        writeln!(out, "{}.", versions.join(", "))?;
    }
    Ok(())
}

fn section(out: &mut String, section: &Section) -> std::fmt::Result {
    writeln!(out, "\n## {}: {}", section.table, escaped(&section.title))?;
    for group in &section.groups {
        writeln!(
            out,
            "\n### {} ({})\n",
            section.table,
            cells::allocator(&group.allocator)
        )?;
        let legend = cells::legend(group);
        if !legend.is_empty() {
            writeln!(out, "{}.\n", escaped(&legend))?;
        }
        self::group(out, group)?;
    }
    Ok(())
}

fn group(out: &mut String, group: &Group) -> std::fmt::Result {
    let mut head = COLUMNS.to_vec();
    head.push("");
    let rows = group.rows.iter().map(|judged| {
        let mut cells = cells::cells(judged).to_vec();
        if judged.row.kind.is_ours() {
            cells[0] = format!("**{}**", cells[0]);
        }
        cells.push(cells::standing(judged));
        cells
    });
    table(out, &head, rows)?;
    for (at, (rows, why)) in group.remarks().into_iter().enumerate() {
        let gap = if at == 0 { "\n" } else { "" };
        writeln!(
            out,
            "{gap}* *{}*: {}",
            escaped(&rows.join("*, *")),
            why.map_or("**not explained**".into(), escaped)
        )?;
    }
    Ok(())
}

fn targets(out: &mut String, report: &Report) -> std::fmt::Result {
    let mut rows = Vec::new();
    for section in &report.sections {
        for judged in section.groups.iter().flat_map(|group| &group.rows) {
            for target in &judged.row.targets {
                rows.push([
                    format!("{} ({})", section.table, judged.row.allocator()),
                    judged.row.row.clone(),
                    target.against.clone(),
                    cells::ratio(target.at_most),
                    cells::ratio(target.ratio),
                    cells::verdict(target).into(),
                ]);
            }
        }
    }
    if !rows.is_empty() {
        writeln!(out, "\n## Targets\n")?;
        table(
            out,
            &["table", "row", "against", "at most", "reached", ""],
            rows,
        )?;
    }
    Ok(())
}

fn instructions(out: &mut String, report: &Report) -> std::fmt::Result {
    if report.instructions.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n## Instructions\n\nOf one operation, counted by callgrind; the gate compares them.\n"
    )?;
    let rows = report.instructions.iter().map(|row| {
        [
            row.row.clone(),
            cells::instructions(row.instructions),
            cells::instructions(row.expected),
            cells::difference(row),
        ]
    });
    table(out, &["", "instructions", "expected", "difference"], rows)
}

fn capabilities(out: &mut String, report: &Report) -> std::fmt::Result {
    let Matrix { subjects, rows } = report.capabilities();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## What each can do\n")?;
    let mut head = vec![""];
    head.extend(&subjects);
    let cells = rows.iter().map(|(name, cells)| {
        let verdict = |cell: &Option<&crate::results::Capability>| {
            cell.map_or(NOTHING.to_owned(), |one| one.verdict.clone())
        };
        let mut row = vec![(*name).to_owned()];
        row.extend(cells.iter().map(verdict));
        row
    });
    table(out, &head, cells)?;
    writeln!(out)?;
    for one in &report.capabilities {
        if let Some(detail) = &one.detail {
            writeln!(
                out,
                "* {}, {}: {}",
                one.subject,
                one.capability,
                escaped(detail)
            )?;
        }
    }
    Ok(())
}

fn outputs(out: &mut String, report: &Report) -> std::fmt::Result {
    if report.outputs.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## What the programs print\n")?;
    writeln!(
        out,
        "Or the lines of it that README.md and docs/tracking.md show."
    )?;
    for one in &report.outputs {
        write!(out, "\n{}", output(one))?;
    }
    Ok(())
}

/// A command and what it printed, as on a terminal.
pub(crate) fn output(output: &Output) -> String {
    format!("```text\n$ {}\n{}```\n", output.command, output.excerpt)
}

/// Without what would begin a tag or another cell.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('|', "\\|")
}

/// A table, all but its first column aligned right.
pub(crate) fn table<R: AsRef<[String]>>(
    out: &mut String,
    head: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> std::fmt::Result {
    writeln!(out, "| {} |", head.join(" | "))?;
    writeln!(out, "|---{}|", "|--:".repeat(head.len() - 1))?;
    for row in rows {
        let cells: Vec<_> = row.as_ref().iter().map(|cell| escaped(cell)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}
