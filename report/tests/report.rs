//! The command, on results that were recorded in `tests/sample`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory for what one test writes.
struct Desk(PathBuf);

const README: &str = "before\n<!-- numbers:some -->\nold\n<!-- end -->\nafter\n";

const OUTPUTS: &str = r#"
    [[output]]
    name = "requests"
    command = "cargo run --release --example requests"
    show = ["best ns", "^(fresh|pooled) "]

    [[output]]
    name = "not-run"
    command = "true"
"#;

const NUMBERS: &str = r#"
    [[numbers]]
    name = "some"
    allocator = "glibc"
    columns = [
        { title = "malloc", rows = ["no such row", "made and dropped"] },
        { title = "sync.Pool", rows = ["Go, sync.Pool"], allocator = "go" },
        { title = "nobody", rows = ["nobody"] },
        { title = "millpond", rows = ["millpond"] },
    ]
    works = [{ table = "cycle", title = "a cycle" }]
"#;

const ALL_EXPLAINED: &str = "[[explanation]]\ntable = '*'\nrow = '*'\nwhy = 'Vec<T> is faster'";

impl Desk {
    fn new(name: &str) -> Self {
        let desk = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        let _none = fs::remove_dir_all(&desk.0);
        fs::create_dir_all(desk.0.join("results")).unwrap();
        for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sample")).unwrap() {
            let path = entry.unwrap().path();
            let to = desk.0.join("results").join(path.file_name().unwrap());
            fs::copy(path, to).unwrap();
        }
        desk.write("README.md", README);
        desk.write("numbers.toml", NUMBERS);
        desk.write("outputs.toml", OUTPUTS);
        desk.write("explanations.toml", ALL_EXPLAINED);
        desk
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn report(&self) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_millpond-report"));
        command.arg("--from").arg(self.0.join("results"));
        for (option, file) in [
            ("--html", "page.html"),
            ("--markdown", "performance.md"),
            ("--marked", "README.md"),
            ("--explanations", "explanations.toml"),
            ("--numbers", "numbers.toml"),
            ("--outputs", "outputs.toml"),
        ] {
            command.arg(option).arg(self.0.join(file));
        }
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
        (status.code().unwrap(), text)
    }

    /// What nothing may be left of where results make no sense.
    fn wrote_nothing(&self) -> bool {
        !self.0.join("page.html").exists()
            && !self.0.join("performance.md").exists()
            && self.read("README.md") == README
    }
}

#[test]
fn everything_that_was_measured_is_in_both_forms() {
    let desk = Desk::new("everything");
    let (code, said) = desk.report();
    assert_eq!(code, 0, "{said}");
    let (page, markdown) = (desk.read("page.html"), desk.read("performance.md"));
    let mut rows = 0;
    for file in [
        "peers-glibc",
        "peers-mimalloc",
        "go",
        "instructions",
        "capabilities",
    ] {
        for line in desk.read(&format!("results/{file}.jsonl")).lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let name = row["row"].as_str().or(row["subject"].as_str()).unwrap();
            // `&` and `<` in the page; in Markdown only what would begin a tag.
            let in_page = name
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            assert!(page.contains(&in_page), "{name} in {file}");
            assert!(
                markdown.contains(&name.replace('<', "&lt;")),
                "{name} in {file}"
            );
            rows += 1;
        }
    }
    assert!(rows > 150, "{rows} rows in the sample");
    for text in [
        "AMD EPYC",
        "rustc 1.95.0",
        "go1.27.3",
        "54eb537d0c1e",
        "glibc 2.36",
        "2026-11-21",
        "$ cargo run --release --example requests",
        "pooled              268        303    0.24             0          0",
    ] {
        assert!(page.contains(text) && markdown.contains(text), "{text}");
    }
    assert!(
        markdown.contains("| made and dropped | 22.2 | 22.6 | 1.00 | 1.00 | – | 1 | – | – |  |")
    );
    assert!(
        markdown.contains("| **millpond** | 26.6 | 27.2 | 1.32 | 1.33 | 1.32 | 0 | – | – |  |")
    );
    // Ours as well, though nobody is compared with it.
    assert!(markdown.contains("| **millpond, StringMap** | 189 |"));
    assert!(page.contains(r#"<tr class="ours"><td>millpond, StringMap</td>"#));
    let legend = "“millpond, StringMap” lends a collection of this crate's: compared with nobody";
    assert!(page.contains(legend) && markdown.contains(legend));
}

#[test]
fn the_page_needs_no_other_file() {
    let desk = Desk::new("page");
    desk.report();
    let page = desk.read("page.html");
    assert!(page.matches("<svg").count() > 20);
    for word in ["<link", "<script", "src=", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    // Namespaces are names, and not addresses.
    assert!(!page.replace("http://www.w3.org/", "").contains("http"));
    // The README shows less of it.
    assert!(page.contains("all right") && !desk.read("performance.md").contains("all right"));
}

#[test]
fn who_is_ahead_and_not_explained_fails_after_all_is_written() {
    let desk = Desk::new("unexplained");
    desk.write(
        "explanations.toml",
        "[[explanation]]\ntable = 'nested-*'\nrow = '*'\nwhy = 'Vec<T> is faster'\n\
         [[explanation]]\ntable = 'no such table'\nrow = '*'\nwhy = 'was so once'\n",
    );
    let (code, said) = desk.report();
    assert_eq!(code, 1, "{said}");
    let missing =
        r#"table = "cycle", row = "lockfree-object-pool, Linear", allocator = "mimalloc""#;
    assert!(said.contains(missing), "{said}");
    assert!(
        !said.contains("explanations.toml: table = \"nested"),
        "{said}"
    );
    assert!(said.contains(r#"no row needs this explanation any more: table = "no such table""#));
    let (page, markdown) = (desk.read("page.html"), desk.read("performance.md"));
    assert!(page.contains("not explained") && page.contains("Vec&lt;T&gt; is faster"));
    assert!(markdown.contains("**not explained**") && markdown.contains("Vec&lt;T> is faster"));
}

#[test]
fn who_is_left_out_of_a_table_is_in_it_with_the_reason() {
    let desk = Desk::new("left-out");
    let before = (desk.report(), desk.read("performance.md"));
    let row = r#"{"bench":"peers","allocator":"glibc","table":"cycle","title":"T","row":"gone","kind":"peer","left_out":"keeps Vec<T>s"}"#;
    desk.write("results/zz.jsonl", row);
    let (code, said) = desk.report();
    assert_eq!(code, 0, "{said}");
    let (page, markdown) = (desk.read("page.html"), desk.read("performance.md"));
    assert!(markdown.contains("| gone | – | – | – | – | – | – | – | – | left out |"));
    assert!(markdown.contains("* *gone*: keeps Vec&lt;T>s"));
    assert!(page.contains("<b>gone</b>: keeps Vec&lt;T&gt;s"));
    // It is no comparison.
    let tally = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("Of "))
            .map(str::to_owned)
    };
    assert_eq!(tally(&markdown), tally(&before.1));
}

#[test]
fn the_readme_gets_its_figures_and_nothing_else() {
    let desk = Desk::new("readme");
    assert_eq!(desk.report().0, 0);
    let expected = "before\n<!-- numbers:some -->\n\
        |  | malloc | sync.Pool | nobody | millpond |\n|---|--:|--:|--:|--:|\n\
        | a cycle | 22.2 | 17.7 | – | **7.9** |\n<!-- end -->\nafter\n";
    assert_eq!(desk.read("README.md"), expected);
    // Once more changes nothing.
    assert_eq!(desk.report().0, 0);
    assert_eq!(desk.read("README.md"), expected);
}

#[test]
fn the_readme_shows_what_programs_print_and_where() {
    let desk = Desk::new("output");
    desk.write(
        "README.md",
        "<!-- output:requests -->\nold\n<!-- end -->\n<!-- machine --><!-- end --> after\n",
    );
    assert_eq!(desk.report().0, 0);
    let expected = "<!-- output:requests -->\n\
        ```text\n\
        $ cargo run --release --example requests\n                \
        best ns  median ns   ratio   allocations      bytes\n\
        fresh             1,109      1,250    1.00          29.5      1,203\n\
        ...\n\
        pooled              268        303    0.24             0          0\n\
        ```\n\
        <!-- end -->\n\
        <!-- machine -->\n\
        Measured on AMD EPYC, 2 cores, Debian GNU/Linux 12 (bookworm), Linux 6.1.0,\n\
        glibc 2.36, rustc 1.95.0 (59807616e 2026-04-14), go1.27.3,\n\
        2026-11-21 07:05 UTC, commit 54eb537d0c1e, with changes.\n\
        <!-- end --> after\n";
    assert_eq!(desk.read("README.md"), expected);
    assert_eq!(desk.report().0, 0);
    assert_eq!(desk.read("README.md"), expected);
}

#[test]
fn a_program_that_was_not_run_leaves_its_part_of_the_readme() {
    let desk = Desk::new("not-run");
    let readme = "<!-- output:not-run -->\nold\n<!-- end -->\n";
    desk.write("README.md", readme);
    let left = "output:not-run is as it was: there is no output of: ";
    let (code, said) = desk.report();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("{left}true")), "{said}");
    // What another command printed is not its output.
    desk.write("results/not-run.txt", "$ false\nno\n");
    assert!(desk.report().1.contains(left));
    assert_eq!(desk.read("README.md"), readme);
}

/// The texts of this repository.
const TEXTS: [(&str, &str); 2] = [
    ("README.md", include_str!("../../README.md")),
    ("tracking.md", include_str!("../../docs/tracking.md")),
];

#[test]
fn all_that_is_marked_in_this_repository_is_described() {
    for (name, text) in TEXTS {
        let desk = Desk::new(name);
        desk.write("README.md", text);
        desk.write("numbers.toml", include_str!("../numbers.toml"));
        desk.write("outputs.toml", include_str!("../outputs.toml"));
        let (code, said) = desk.report();
        assert_eq!(code, 0, "{name}: {said}");
        // The sample has all that tables are of.
        assert!(!said.contains("numbers:"), "{name}: {said}");
    }
}

#[test]
fn what_this_repository_shows_of_programs_is_marked() {
    let all = TEXTS.map(|(_, text)| text).concat();
    let mut marked = false;
    for line in all.lines() {
        marked = match line {
            mark if mark.starts_with("<!-- ") => mark != "<!-- end -->",
            // Other fences have a language.
            "```text" => {
                assert!(marked, "output that the report does not write");
                marked
            }
            _ => marked,
        };
    }
    let programs = include_str!("../outputs.toml").lines();
    let mut programs = programs.filter_map(|line| line.strip_prefix("name = "));
    let shown = |name: &str| all.contains(&format!("<!-- output:{} -->", name.trim_matches('"')));
    let unused = programs.find(|name| !shown(name));
    assert_eq!(unused, None, "runs for nothing");
}

#[test]
fn a_table_of_the_readme_that_was_not_measured_stays() {
    let desk = Desk::new("stays");
    fs::remove_file(desk.0.join("results/peers-glibc.jsonl")).unwrap();
    fs::remove_file(desk.0.join("results/peers-mimalloc.jsonl")).unwrap();
    let (code, said) = desk.report();
    assert_eq!(code, 0, "{said}");
    // Go has such a table, too, but not the figures that this is about.
    let left = "numbers:some is as it was: nothing was measured of";
    let ours = format!(r#"{left} millpond in the table "cycle" under glibc"#);
    assert!(said.contains(&ours), "{said}");
    assert_eq!(desk.read("README.md"), README);
    fs::remove_file(desk.0.join("results/go.jsonl")).unwrap();
    assert!(
        desk.report()
            .1
            .contains(&format!(r#"{left} the table "cycle""#))
    );
    assert_eq!(desk.read("README.md"), README);
}

#[test]
fn what_makes_no_sense_is_named_and_nothing_is_written() {
    let bad = |name: &str, file: &str, text: &str, complaint: &str| {
        let desk = Desk::new(name);
        desk.write(file, text);
        let before = desk.read("README.md");
        let (code, said) = desk.report();
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(complaint), "{said}");
        assert!(before != README || desk.wrote_nothing(), "{name}");
    };
    bad("json", "results/zz.jsonl", "\n{\"bench\":", "zz.jsonl:2: ");
    let row = r#"{"bench":"b","table":"t","title":"T","row":"r","kind":"pool"}"#;
    bad(
        "twice",
        "results/zz.jsonl",
        &format!("{row}\n{row}\n"),
        "zz.jsonl:2: \"r\" in t with glibc is already in",
    );
    bad(
        "kind",
        "results/zz.jsonl",
        &row.replace("pool", "pond"),
        "unknown variant `pond`",
    );
    bad(
        "explanations",
        "explanations.toml",
        "[[explanation]]\ntable = 1",
        "explanations.toml: ",
    );
    bad("numbers", "numbers.toml", "[[number]]", "numbers.toml: ");
    bad("outputs", "outputs.toml", "[[outputs]]", "outputs.toml: ");
    let program = |show: &str| format!("{OUTPUTS}\nshow = ['{show}']").replace("not-run", "other");
    bad("pattern", "outputs.toml", &program("("), "unclosed group");
    let twice = OUTPUTS.replace("not-run", "requests");
    bad(
        "again",
        "outputs.toml",
        &twice,
        r#""requests" is there twice"#,
    );
    bad(
        "no line",
        "outputs.toml",
        &OUTPUTS.replace("best ns", "no such line"),
        r#"requests.txt: no line matches "no such line""#,
    );
    let bad_readme = |name: &str, text: &str, complaint: &str| {
        bad(name, "README.md", text, &format!("README.md: {complaint}"));
    };
    bad_readme(
        "unknown",
        "<!-- numbers:other --><!-- end -->",
        "1: nothing describes numbers:other",
    );
    bad_readme(
        "unknown program",
        "\na\n<!-- output:other --><!-- end -->",
        "3: nothing describes output:other",
    );
    bad_readme(
        "endless",
        "\n<!-- numbers:some -->",
        "2: numbers:some has no `<!-- end -->`",
    );
    bad_readme(
        "nested",
        "<!-- output:requests -->\n<!-- output:requests --><!-- end -->",
        "1: output:requests has no `<!-- end -->`",
    );
    bad_readme(
        "only an end",
        "a\n<!-- end -->",
        "2: `<!-- end -->` ends nothing",
    );
    bad_readme(
        "no mark",
        "<!-- outputs:requests --><!-- end -->",
        "1: `<!-- outputs:requests -->` is no mark",
    );
    bad_readme("open", "<!-- output:requests", "1: a `<!--` has no `-->`");
}

#[test]
fn no_results_are_no_report() {
    let desk = Desk::new("none");
    fs::remove_dir_all(desk.0.join("results")).unwrap();
    let (code, said) = desk.report();
    assert_eq!(code, 2);
    assert!(said.contains("results: No such file"), "{said}");
    fs::create_dir(desk.0.join("results")).unwrap();
    assert!(desk.report().1.contains("no results in any .jsonl file"));
    assert!(desk.wrote_nothing());
}

#[test]
fn without_a_record_of_the_machine_none_is_named() {
    let desk = Desk::new("machine");
    fs::remove_file(desk.0.join("results/machine.json")).unwrap();
    let readme = "<!-- machine -->\nold\n<!-- end -->\n";
    desk.write("README.md", readme);
    let (code, said) = desk.report();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("machine is as it was: the machine was not recorded"));
    assert_eq!(desk.read("README.md"), readme);
    assert!(
        desk.read("performance.md")
            .contains("| machine | not recorded with these results |")
    );
}
