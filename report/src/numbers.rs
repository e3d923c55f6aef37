//! Tables for the README: kinds of work down, candidates across. Which, is a committed
//! file.

use crate::Result;
use crate::cells;
use crate::judged::Section;
use crate::markdown::table;
use crate::report::Report;
use crate::results::Row;
use serde::Deserialize;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbers {
    pub(crate) name: String,
    allocator: String,
    columns: Vec<Column>,
    works: Vec<Work>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    title: String,
    /// Names of rows; each table has one of them at most.
    rows: Vec<String>,
    /// Of whom, if not of the allocator that is measured.
    allocator: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Work {
    table: String,
    title: String,
}

pub(crate) fn read(path: &Path) -> Result<Vec<Numbers>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        numbers: Vec<Numbers>,
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: File =
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file.numbers)
}

impl Numbers {
    /// The table, or which results are missing for it.
    pub(crate) fn markdown(&self, report: &Report) -> std::result::Result<String, String> {
        let mut rows = Vec::new();
        for work in &self.works {
            let section = report
                .sections
                .iter()
                .find(|section| section.table == work.table);
            let section = section.ok_or_else(|| format!("the table {:?}", work.table))?;
            rows.push(self.row(work, section)?);
        }
        let mut head = vec![""];
        head.extend(self.columns.iter().map(|column| &*column.title));
        let mut out = String::new();
        table(&mut out, &head, rows).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn row(&self, work: &Work, section: &Section) -> std::result::Result<Vec<String>, String> {
        let columns = self.columns.iter();
        let found: Vec<_> = columns.map(|column| self.find(column, section)).collect();
        let times: Vec<_> = found.iter().map(|row| row.and_then(Row::ns)).collect();
        // Without this crate's own figure it is not worth showing.
        let mut measured = found.iter().flatten().filter(|row| row.ns().is_some());
        if !measured.any(|row| row.kind.is_ours()) {
            return Err(format!(
                "millpond in the table {:?} under {}",
                work.table, self.allocator
            ));
        }
        let limit = |row: &&Row| row.is_limit();
        let fastest = found
            .iter()
            .flatten()
            .filter(|row| !limit(row))
            .filter_map(|row| row.ns());
        let fastest = fastest.fold(f64::INFINITY, f64::min);
        let mut cells = vec![work.title.clone()];
        cells.extend(times.into_iter().map(|ns| match ns {
            Some(time) if time == fastest => format!("**{}**", cells::ns(ns)),
            _ => cells::ns(ns),
        }));
        Ok(cells)
    }

    fn find<'a>(&self, column: &Column, section: &'a Section) -> Option<&'a Row> {
        let allocator = column.allocator.as_ref().unwrap_or(&self.allocator);
        let group = section
            .groups
            .iter()
            .find(|group| group.allocator == *allocator)?;
        let rows = || group.rows.iter().map(|judged| &judged.row);
        let mut names = column.rows.iter();
        names.find_map(|name| rows().find(|row| row.row == *name))
    }
}
