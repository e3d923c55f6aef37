//! Who is ahead of whom: rows of one table, under one allocator, side by side.

use crate::explanations::Explanations;
use crate::results::{Judge, Kind, Results, Row};

/// Figures that differ by less are level: as far as the best of many rounds moves from run
/// to run on a quiet machine. (Those of threads that meet move further.)
pub(crate) const LEVEL: f64 = 0.03;

/// One kind of work.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) table: String,
    pub(crate) title: String,
    pub(crate) groups: Vec<Group>,
}

/// That work under one allocator.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) allocator: String,
    /// The row that nothing can be faster than, if the table has one.
    pub(crate) limit: Option<String>,
    pub(crate) judge: Judge,
    pub(crate) rows: Vec<Judged>,
}

#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) row: Row,
    pub(crate) standing: Standing,
    /// Times the limit.
    pub(crate) to_limit: Option<f64>,
}

/// How a row compares with this crate's fastest at the same work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// Is not compared: this crate's own, a limit, or not measured.
    None,
    Behind,
    Level,
    /// Takes so much of this crate's time, and why, if anybody knows.
    Ahead(f64, Option<String>),
    /// Is not measured in this table, and why.
    LeftOut(String),
}

impl Section {
    /// How the row and its table are named where something is missing.
    fn describe(&self, group: &Group, judged: &Judged) -> String {
        let (table, row, allocator) = (&self.table, &judged.row.row, &group.allocator);
        format!("table = {table:?}, row = {row:?}, allocator = {allocator:?}")
    }
}

/// The instructions of hot paths are a table of their own.
pub(crate) fn instructions(results: &Results) -> Vec<&Row> {
    let rows = results.rows.iter();
    rows.filter(|row| row.instructions.is_some()).collect()
}

/// All tables of times, each with its groups.
pub(crate) fn sections(results: &Results, why: &mut Explanations) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let timed = results.rows.iter().filter(|row| row.instructions.is_none());
    // Go's tables take the place of those that they stand beside.
    let (go, own): (Vec<&Row>, Vec<&Row>) = timed.partition(|row| row.allocator() == "go");
    for row in own.into_iter().chain(go) {
        let section = match sections
            .iter()
            .position(|section| section.table == row.table)
        {
            Some(at) => &mut sections[at],
            None => {
                sections.push(Section {
                    table: row.table.clone(),
                    title: row.title.clone(),
                    groups: Vec::new(),
                });
                sections.last_mut().expect("just added")
            }
        };
        section.add(row.clone());
    }
    for section in &mut sections {
        section.judge(why);
    }
    sections
}

impl Section {
    fn add(&mut self, row: Row) {
        let allocator = row.allocator();
        let at = self
            .groups
            .iter()
            .position(|group| group.allocator == allocator);
        let at = at.unwrap_or_else(|| {
            self.groups.push(Group {
                allocator: allocator.to_owned(),
                limit: None,
                judge: row.judge,
                rows: Vec::new(),
            });
            self.groups.len() - 1
        });
        self.groups[at].rows.push(Judged {
            row,
            standing: Standing::None,
            to_limit: None,
        });
    }

    fn judge(&mut self, why: &mut Explanations) {
        let order = ["glibc", "mimalloc", "jemalloc"];
        let place = |group: &Group| match group.allocator.as_str() {
            "go" => usize::MAX,
            name => order
                .iter()
                .position(|known| *known == name)
                .unwrap_or(order.len()),
        };
        self.groups.sort_by_key(place);
        // Go has an allocator of its own: it is compared with the first of the others.
        let first = self.groups.first().and_then(Group::ours);
        for group in &mut self.groups {
            let ours = match group.allocator.as_str() {
                "go" => first,
                _ => group.ours(),
            };
            group.judge(ours, |row, allocator| why.find(&self.table, row, allocator));
        }
    }
}

impl Group {
    /// What is to be said of rows, where somebody can say it: what is the same for
    /// several, once.
    pub(crate) fn remarks(&self) -> Vec<(Vec<&str>, Option<&str>)> {
        let mut remarks: Vec<(Vec<&str>, Option<&str>)> = Vec::new();
        for judged in &self.rows {
            let why = match &judged.standing {
                Standing::Ahead(_, why) => why.as_deref(),
                Standing::LeftOut(why) => Some(&**why),
                _ => continue,
            };
            match remarks.iter_mut().find(|(_, other)| *other == why) {
                Some((rows, _)) => rows.push(&judged.row.row),
                None => remarks.push((vec![&judged.row.row], why)),
            }
        }
        remarks
    }

    /// The time of this crate's fastest row at the work that the others do.
    fn ours(&self) -> Option<f64> {
        self.fastest(|row| row.kind == Kind::Pool)?.ns()
    }

    fn fastest(&self, which: impl Fn(&Row) -> bool) -> Option<&Row> {
        let rows = self.rows.iter().map(|judged| &judged.row);
        let measured = rows.filter(|row| which(row) && row.ns().is_some_and(|ns| ns > 0.0));
        measured.min_by(|a, b| {
            a.ns()
                .unwrap_or(f64::MAX)
                .total_cmp(&b.ns().unwrap_or(f64::MAX))
        })
    }

    fn judge(&mut self, ours: Option<f64>, mut why: impl FnMut(&str, &str) -> Option<String>) {
        let limit = self.fastest(Row::is_limit).cloned();
        self.limit = limit.as_ref().map(|row| row.row.clone());
        let is_go = self.allocator == "go";
        for judged in &mut self.rows {
            let row = &judged.row;
            if let Some(why) = &row.left_out {
                judged.standing = Standing::LeftOut(why.clone());
            }
            let Some(ns) = row.ns() else { continue };
            judged.to_limit = limit.as_ref().and_then(Row::ns).map(|limit| ns / limit);
            // What Go's allocator does without a pool says nothing about this crate.
            let compared = match row.kind {
                Kind::Pool | Kind::Collection | Kind::Limit => false,
                Kind::Malloc | Kind::Own => !is_go && !row.limit,
                Kind::Peer => !row.limit,
            };
            let Some(ours) = ours.filter(|_| compared) else {
                continue;
            };
            // Where a row did not take turns with this crate's, there are only the times.
            let share = row.ratio_to_pool.unwrap_or(ns / ours);
            judged.standing = if share < 1.0 - LEVEL {
                Standing::Ahead(share, why(&row.row, &self.allocator))
            } else if share <= 1.0 + LEVEL {
                Standing::Level
            } else {
                Standing::Behind
            };
        }
    }
}

/// Rows that are ahead of this crate, and of which nobody says why.
pub(crate) fn unexplained(sections: &[Section]) -> Vec<String> {
    let mut found = Vec::new();
    for section in sections {
        for group in &section.groups {
            for judged in &group.rows {
                if matches!(judged.standing, Standing::Ahead(_, None)) {
                    found.push(section.describe(group, judged));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, kind: &str, allocator: &str, ns: &str) -> Row {
        let line = format!(
            r#"{{"bench":"b","table":"t","title":"T","row":"{name}","kind":"{kind}",
                "allocator":"{allocator}","ns_best":{ns}}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    fn judge(rows: Vec<Row>) -> Vec<Section> {
        let results = Results {
            rows,
            capabilities: Vec::new(),
        };
        let explanations = "[[explanation]]\ntable = 't'\nrow = 'known*'\nwhy = 'because'";
        sections(&results, &mut Explanations::parse(explanations).unwrap())
    }

    #[test]
    fn ahead_level_and_behind_are_by_this_crates_fastest_row() {
        let rows = vec![
            row("slow", "pool", "glibc", "20"),
            row("fast", "pool", "glibc", "10"),
            row("ahead", "peer", "glibc", "9.6"),
            row("known", "peer", "glibc", "5"),
            row("level", "peer", "glibc", "10.2"),
            row("behind", "malloc", "glibc", "15"),
            row("limit", "limit", "glibc", "4"),
            row("unmeasured", "peer", "glibc", "null"),
        ];
        let sections = judge(rows);
        let standings: Vec<_> = sections[0].groups[0]
            .rows
            .iter()
            .map(|j| j.standing.clone())
            .collect();
        use Standing::*;
        assert_eq!(
            standings,
            [
                None,
                None,
                Ahead(0.96, Option::None),
                Ahead(0.5, Some("because".into())),
                Level,
                Behind,
                None,
                None
            ]
        );
        assert_eq!(sections[0].groups[0].limit.as_deref(), Some("limit"));
        assert_eq!(sections[0].groups[0].rows[1].to_limit, Some(2.5));
        assert_eq!(sections[0].groups[0].rows[7].to_limit, Option::None);
        let missing = unexplained(&sections);
        assert_eq!(
            missing,
            [r#"table = "t", row = "ahead", allocator = "glibc""#]
        );
    }

    #[test]
    fn rows_that_took_turns_are_compared_within_the_rounds() {
        let mut peer = row("peer", "peer", "glibc", "9");
        peer.ratio_to_pool = Some(1.01);
        let sections = judge(vec![row("ours", "pool", "glibc", "10"), peer]);
        assert_eq!(sections[0].groups[0].rows[1].standing, Standing::Level);
    }

    #[test]
    fn a_collection_of_this_crates_judges_nobody_and_is_compared_with_nobody() {
        let other = || row("other work", "collection", "glibc", "2");
        let peer = || row("peer", "peer", "glibc", "10");
        let standings = |rows: Vec<Row>| -> Vec<_> {
            let sections = judge(rows);
            let rows = sections[0].groups[0].rows.iter();
            rows.map(|judged| judged.standing.clone()).collect()
        };
        use Standing::*;
        let pool = row("ours", "pool", "glibc", "10");
        assert_eq!(standings(vec![pool, other(), peer()]), [None, None, Level]);
        // Also where there is no other row of this crate's.
        assert_eq!(standings(vec![other(), peer()]), [None, None]);
    }

    #[test]
    fn what_is_the_same_is_said_once() {
        let rows = vec![
            row("ours", "pool", "glibc", "10"),
            row("known", "peer", "glibc", "5"),
            row("unknown", "peer", "glibc", "5"),
            row("known too", "peer", "glibc", "5"),
        ];
        let sections = judge(rows);
        assert_eq!(
            sections[0].groups[0].remarks(),
            [
                (vec!["known", "known too"], Some("because")),
                (vec!["unknown"], None)
            ]
        );
    }

    #[test]
    fn go_is_compared_with_rust_and_only_its_pool_is() {
        let rows = vec![
            row("sync.Pool", "peer", "go", "5"),
            row("fresh in Go", "malloc", "go", "1"),
            row("other", "pool", "mimalloc", "1"),
            row("ours", "pool", "glibc", "10"),
        ];
        let sections = judge(rows);
        let allocators: Vec<_> = sections[0]
            .groups
            .iter()
            .map(|g| g.allocator.as_str())
            .collect();
        assert_eq!(allocators, ["glibc", "mimalloc", "go"]);
        let go = &sections[0].groups[2];
        assert_eq!(go.rows[0].standing, Standing::Ahead(0.5, None));
        assert_eq!(go.rows[1].standing, Standing::None);
    }
}
