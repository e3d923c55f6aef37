//! The report as one HTML page that needs no other file.

use crate::Result;
use crate::cells::{self, COLUMNS, COUNTS, NOTHING, TIMES};
use crate::judged::{Group, Judged, Section, Standing};
use crate::outputs::Output;
use crate::plot::{self, Point, Shade};
use crate::report::{Matrix, Report};
use crate::results::Capability;
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) fn html(report: &Report) -> Result<String> {
    let sections = report.sections.iter().map(section);
    let sections = sections.collect::<Result<Vec<_>>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "millpond: what it costs" }
                style { (PreEscaped(style())) }
            }
            body {
                h1 { "millpond: what it costs" }
                p.lead { (report.summary()) }
                p.soft {
                    (TIMES) " Figures show both, from the dot to the end of the thick line. "
                    (COUNTS) " " (NOTHING) " was not measured."
                }
                div.scroll { table.facts {
                    @for (name, value) in &report.machine { tr { td { (name) } td { (value) } } }
                } }
                (contents(report))
                @for section in &sections { (section) }
                (targets(report))
                (instructions(report))
                (capabilities(report))
                (outputs(report))
                (versions(report))
            }
        }
    };
    Ok(page.into_string())
}

/// What the plots' stand-ins stand for is written here, once.
fn style() -> String {
    let mut style = include_str!("page.css").to_owned();
    for (colour, variable) in plot::COLOURS {
        style += &format!(
            "svg [fill=\"{colour}\"] {{ fill: var({variable}); }}\n\
             svg [stroke=\"{colour}\"] {{ stroke: var({variable}); }}\n"
        );
    }
    style
}

fn contents(report: &Report) -> Markup {
    html! {
        nav {
            @for section in &report.sections {
                a href={ "#" (section.table) } { (section.table) }
            }
            a href="#targets" { "targets" }
            @if !report.instructions.is_empty() { a href="#instructions" { "instructions" } }
            @if !report.capabilities.is_empty() { a href="#capabilities" { "capabilities" } }
            @if !report.outputs.is_empty() { a href="#programs" { "programs" } }
        }
    }
}

fn section(section: &Section) -> Result<Markup> {
    let groups = section
        .groups
        .iter()
        .map(group)
        .collect::<Result<Vec<_>>>()?;
    Ok(html! {
        h2 id=(section.table) { (section.table) }
        p.soft { (section.title) }
        @for group in &groups { (group) }
    })
}

fn group(group: &Group) -> Result<Markup> {
    let figure = plot::svg(&points(group))?;
    let legend = cells::legend(group);
    Ok(html! {
        h3 { (cells::allocator(&group.allocator)) }
        @if !legend.is_empty() { p.legend { (legend) } }
        div.pair {
            div.scroll { table {
                tr { @for column in COLUMNS { th { (column) } } th {} }
                @for judged in &group.rows { (row(judged)) }
            } }
            @if !figure.is_empty() { figure { (PreEscaped(figure)) } }
        }
        (remarks(group))
    })
}

fn shade(judged: &Judged) -> Shade {
    match judged.standing {
        Standing::Ahead(..) => Shade::Ahead,
        _ if judged.row.kind.is_ours() => Shade::Ours,
        _ if judged.row.is_limit() => Shade::Limit,
        _ => Shade::Other,
    }
}

fn row(judged: &Judged) -> Markup {
    let class = match shade(judged) {
        Shade::Ours => "ours",
        Shade::Limit => "limit",
        Shade::Ahead => "ahead",
        Shade::Other => "other",
    };
    html! {
        tr class=(class) {
            @for cell in cells::cells(judged) { td { (cell) } }
            td.mark { (cells::standing(judged)) }
        }
    }
}

fn points(group: &Group) -> Vec<Point> {
    let rows = group.rows.iter();
    rows.filter_map(|judged| {
        Some(Point {
            name: judged.row.row.clone(),
            best: judged.row.ns_best?,
            median: judged.row.ns_median?,
            shade: shade(judged),
        })
    })
    .collect()
}

fn remarks(group: &Group) -> Markup {
    let remarks = group.remarks();
    html! {
        @if !remarks.is_empty() {
            ul.why {
                @for (rows, why) in remarks {
                    li {
                        b { (rows.join(", ")) } ": "
                        @match why {
                            Some(why) => (why),
                            None => span.missing { "not explained" },
                        }
                    }
                }
            }
        }
    }
}

fn targets(report: &Report) -> Markup {
    let judged = || {
        let groups = report.sections.iter().flat_map(|section| &section.groups);
        let rows = groups.flat_map(|group| &group.rows);
        rows.flat_map(|judged| {
            judged
                .row
                .targets
                .iter()
                .map(move |target| (&judged.row, target))
        })
    };
    html! {
        @if judged().next().is_some() {
            h2 id="targets" { "targets" }
            div.scroll { table.targets {
                tr { th { "table" } th { "row" } th { "against" } th { "at most" } th { "reached" } th {} }
                @for (row, target) in judged() {
                    tr class=(if target.met == Some(false) { "ahead" } else { "other" }) {
                        td { (row.table) " (" (row.allocator()) ")" }
                        td { (row.row) }
                        td { (target.against) }
                        td { (cells::ratio(target.at_most)) }
                        td { (cells::ratio(target.ratio)) }
                        td.mark.yes[target.met == Some(true)] { (cells::verdict(target)) }
                    }
                }
            } }
        }
    }
}

fn instructions(report: &Report) -> Markup {
    html! {
        @if !report.instructions.is_empty() {
            h2 id="instructions" { "instructions" }
            p.soft { "Of one operation, counted by callgrind; the gate compares them." }
            div.scroll { table {
                tr { th {} th { "instructions" } th { "expected" } th { "difference" } }
                @for row in &report.instructions {
                    tr {
                        td { (row.row) }
                        td { (cells::instructions(row.instructions)) }
                        td { (cells::instructions(row.expected)) }
                        td { (cells::difference(row)) }
                    }
                }
            } }
        }
    }
}

fn capabilities(report: &Report) -> Markup {
    let Matrix { subjects, rows } = report.capabilities();
    html! {
        @if !rows.is_empty() {
            h2 id="capabilities" { "capabilities" }
            p.soft { "What each can do, as the program that tries it found." }
            div.scroll { table.matrix {
                tr { th {} @for subject in &subjects { th { (subject) } } }
                @for (name, cells) in &rows {
                    tr { td { (name) } @for cell in cells { (verdict(*cell)) } }
                }
            } }
            details {
                summary { "What was seen" }
                ul.why {
                    @for one in &report.capabilities {
                        @if let Some(detail) = &one.detail {
                            li { b { (one.subject) } ", " (one.capability) ": " (detail) }
                        }
                    }
                }
            }
        }
    }
}

fn verdict(cell: Option<&Capability>) -> Markup {
    html! {
        @match cell {
            None => td { (NOTHING) },
            Some(one) => {
                td class=(match one.verdict.as_str() { "yes" => "yes", "no" => "no", _ => "partly" })
                    title=[one.detail.as_deref()] { (one.verdict) }
            },
        }
    }
}

fn outputs(report: &Report) -> Markup {
    html! {
        @if !report.outputs.is_empty() {
            h2 id="programs" { "programs" }
            p.soft { "What they print, or the lines of it that README.md and docs/tracking.md show." }
            @for output in &report.outputs { (program(output)) }
        }
    }
}

fn program(
    Output {
        name,
        command,
        excerpt,
        all,
    }: &Output,
) -> Markup {
    html! {
        h3 { (name) }
        pre.scroll { "$ " (command) "\n" (excerpt) }
        @if excerpt.trim_end() != all.trim_end() {
            details {
                summary { "All of it" }
                pre.scroll { (all) }
            }
        }
    }
}

fn versions(report: &Report) -> Markup {
    html! {
        @if !report.crates.is_empty() {
            h2 { "versions" }
            p.soft {
                @for (at, (name, version)) in report.crates.iter().enumerate() {
                    @if at > 0 { ", " }
                    (name) " " (version)
                }
            }
        }
    }
}
