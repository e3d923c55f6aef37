//! Candidates side by side: what each allocates, and how long it takes.

use super::number::Figure;
use super::scope::check;
use super::{Counts, PerOperation, count};
use crate::units::Count;
use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Allocations of several ways to do the same work, side by side, next to their
/// timings if there are any.
///
/// For benches. criterion can measure other things than time, but divides by what it
/// measures and stops at 0, which is what a pool is for: so counting is a
/// [run of its own](Self::count), after a warm-up, while nothing is timed; and where
/// criterion [lets the table hold the watch](Self::time), what it timed stands beside
/// that. `Display` prints an aligned table, [`markdown`](Self::markdown) one to keep.
///
/// # Examples
///
/// ```
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # fn main() {
/// use millpond::{Pool, alloc::Table};
///
/// static LINES: Pool<Vec<String>> = Pool::new().with_create(Vec::new);
///
/// let mut table = Table::new("ten lines");
/// table.count("fresh", || vec![String::from("text"); 10]);
/// table.count("cleared only", || LINES.get().resize(10, String::from("text")));
/// println!("{table}");
/// assert_eq!(table.rows()[0].per_operation().unwrap().allocations, 11.0);
/// # }
/// ```
///
/// With criterion:
///
/// ```no_run
/// # #[global_allocator]
/// # static ALLOCATOR: millpond::alloc::Counting = millpond::alloc::Counting::system();
/// # use millpond::alloc::Table;
/// # fn work() {}
/// fn bench(c: &mut criterion::Criterion) {
///     let mut table = Table::new("a question");
///     table.count("pooled", work);
///     c.bench_function("pooled", |b| b.iter_custom(|n| table.time("pooled", n, work)));
///     println!("{table}");
/// }
/// # fn main() {}
/// ```
///
/// For programs, feature `serde` writes each [`Row`] as an object: a line of JSON, say.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Table {
    title: String,
    #[cfg_attr(feature = "serde", serde(skip))]
    warm_up: u64,
    #[cfg_attr(feature = "serde", serde(skip))]
    calls: u64,
    #[cfg_attr(feature = "serde", serde(skip))]
    batch: u64,
    rows: Vec<Row>,
}

impl Table {
    /// An empty table, which counts 1,000 calls after 100 to warm up.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            warm_up: 100,
            calls: 1_000,
            batch: 1,
            rows: Vec::new(),
        }
    }

    /// Calls the work so often before anything is counted.
    ///
    /// Allow for what is done once (a pool fills, a table grows, a thread attaches);
    /// with 0 the first call counts as well.
    pub fn with_warm_up(mut self, calls: u64) -> Self {
        self.warm_up = calls;
        self
    }

    /// Calls the work so often while it is counted.
    ///
    /// # Panics
    ///
    /// If `calls` is 0.
    pub fn with_calls(mut self, calls: u64) -> Self {
        assert!(calls > 0, "at least one call has to be counted");
        self.calls = calls;
        self
    }

    /// Takes one call of the work for so many operations: requests in a file, say.
    ///
    /// # Panics
    ///
    /// If `operations` is 0.
    pub fn with_batch(mut self, operations: u64) -> Self {
        assert!(operations > 0, "a call does at least one operation");
        self.batch = operations;
        self
    }

    /// Warms up `work` and counts what it allocates, on this thread; what it returns
    /// is dropped within the count. The row of that name is made, or counted anew.
    ///
    /// For work on several threads count with
    /// [`count_process`](super::count_process), and [`insert`](Self::insert) that.
    ///
    /// # Panics
    ///
    /// If [`Counting`](super::Counting) is not the program's global allocator.
    #[track_caller]
    pub fn count<R>(&mut self, name: &str, mut work: impl FnMut() -> R) {
        check();
        for _ in 0..self.warm_up {
            black_box(work());
        }
        let calls = self.calls;
        let ((), counts) = count(|| {
            for _ in 0..calls {
                black_box(work());
            }
        });
        self.insert(name, calls * self.batch, counts);
    }

    /// Sets what so many operations allocated, counted elsewhere.
    ///
    /// # Panics
    ///
    /// If `operations` is 0.
    pub fn insert(&mut self, name: &str, operations: u64, counts: Counts) {
        assert!(
            operations > 0,
            "counts of no operations cannot be shared out"
        );
        let row = self.row(name);
        (row.operations, row.counts) = (Some(operations), Some(counts));
    }

    /// Calls `work` so often, and says how long it took; the table keeps the best
    /// time for one operation.
    ///
    /// It is the loop of criterion's `iter`, for its `iter_custom`. So what the table
    /// shows is the best of what criterion timed, its warm-up included.
    pub fn time<R>(&mut self, name: &str, calls: u64, mut work: impl FnMut() -> R) -> Duration {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(work());
        }
        let took = start.elapsed();
        let operations = calls.saturating_mul(self.batch);
        if operations > 0 {
            let nanoseconds = took.as_secs_f64() * 1e9 / operations as f64;
            let best = &mut self.row(name).nanoseconds;
            *best = Some(best.map_or(nanoseconds, |best| best.min(nanoseconds)));
        }
        took
    }

    /// The rows, in the order in which they were first named.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The same as a Markdown table.
    ///
    /// # Examples
    ///
    /// ```
    /// use millpond::alloc::{Counts, Table};
    ///
    /// let mut table = Table::new("a question");
    /// table.insert("pooled", 1_000, Counts::default());
    /// let text = table.markdown().to_string();
    /// assert!(text.contains("| pooled | 0 | 0 | 0 |"), "{text}");
    /// ```
    pub fn markdown(&self) -> impl fmt::Display + '_ {
        Markdown(self)
    }

    fn row(&mut self, name: &str) -> &mut Row {
        let at = self.rows.iter().position(|row| row.name == name);
        let at = at.unwrap_or_else(|| {
            self.rows.push(Row {
                name: name.to_owned(),
                operations: None,
                counts: None,
                nanoseconds: None,
            });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    // ---- printing -----------------------------------------------------------

    /// Where nothing was timed, there is no column for it.
    fn is_timed(&self) -> bool {
        self.rows.iter().any(|row| row.nanoseconds.is_some())
    }

    fn columns(&self) -> Vec<&'static str> {
        let mut columns = vec!["allocations", "reallocations", "bytes"];
        if self.is_timed() {
            columns.insert(0, "best ns");
        }
        columns
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let print = |figure: Option<f64>| figure.map_or("-".to_owned(), |n| Figure(n).to_string());
        let per = row.per_operation();
        let mut cells = vec![
            print(per.map(|per| per.allocations)),
            print(per.map(|per| per.reallocations)),
            print(per.map(|per| per.bytes_allocated)),
        ];
        if self.is_timed() {
            cells.insert(0, print(row.nanoseconds));
        }
        cells
    }

    /// How many operations were counted: the least, where rows differ.
    fn basis(&self) -> String {
        let operations = self.rows.iter().filter_map(Row::operations);
        let (least, most) = (operations.clone().min(), operations.max());
        match (least, most) {
            (Some(least), Some(most)) if least < most => {
                format!("{} to {} counted", Count(least), Count(most))
            }
            (Some(n), _) => format!("{} counted", Count(n)),
            _ => "none counted".to_owned(),
        }
    }
}

/// One way to do the work: a row of a [`Table`].
///
/// With feature `serde`, an object: `name`, `operations`, the fields of [`Counts`] in
/// all (whole numbers, to be divided by `operations`), and `best_ns`, those only that
/// were measured.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Row {
    name: String,
    /// Set together with `counts`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    operations: Option<u64>,
    #[cfg_attr(feature = "serde", serde(flatten))]
    counts: Option<Counts>,
    #[cfg_attr(
        feature = "serde",
        serde(rename = "best_ns", skip_serializing_if = "Option::is_none")
    )]
    nanoseconds: Option<f64>,
}

impl Row {
    /// What the row was named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Operations that were counted, unless none was.
    pub fn operations(&self) -> Option<u64> {
        self.operations
    }

    /// What they allocated in all.
    pub fn counts(&self) -> Option<Counts> {
        self.counts
    }

    /// What each allocated on average.
    pub fn per_operation(&self) -> Option<PerOperation> {
        Some(self.counts?.per(self.operations?))
    }

    /// The best time for one operation, in nanoseconds, if it was timed.
    pub fn nanoseconds(&self) -> Option<f64> {
        self.nanoseconds
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; per operation, {}", self.title, self.basis())?;
        let columns = self.columns();
        let lines: Vec<_> = self.rows.iter().map(|row| self.cells(row)).collect();
        let names = self.rows.iter().map(|row| row.name.chars().count());
        let first = names.max().unwrap_or(0);
        let width = |column: usize| {
            let cells = lines.iter().map(|cells| cells[column].len());
            cells.fold(columns[column].len(), usize::max)
        };
        let mut line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
            write!(f, "\n{name:<first$}")?;
            for (column, cell) in cells.enumerate() {
                write!(f, "  {cell:>width$}", width = width(column))?;
            }
            Ok(())
        };
        line("", &mut columns.iter().copied())?;
        for (row, cells) in self.rows.iter().zip(&lines) {
            line(&row.name, &mut cells.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

struct Markdown<'a>(&'a Table);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.0;
        let escape = |text: &str| text.replace('|', r"\|").replace('\n', " ");
        let columns = table.columns();
        let title = escape(&table.title);
        writeln!(
            f,
            "| {title}; per operation, {} | {} |",
            table.basis(),
            columns.join(" | ")
        )?;
        write!(f, "|---|{}", "---:|".repeat(columns.len()))?;
        for row in &table.rows {
            write!(
                f,
                "\n| {} | {} |",
                escape(&row.name),
                table.cells(row).join(" | ")
            )?;
        }
        Ok(())
    }
}
