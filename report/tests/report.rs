//! The command, on results that were recorded in `tests/sample`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory for what one test writes.
struct Desk(PathBuf);

const README: &str = "before\n<!-- numbers:some -->\nold\n<!-- end -->\nafter\n";

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
            ("--readme", "README.md"),
            ("--explanations", "explanations.toml"),
            ("--numbers", "numbers.toml"),
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
    ] {
        assert!(page.contains(text) && markdown.contains(text), "{text}");
    }
    assert!(
        markdown.contains("| made and dropped | 22.2 | 22.6 | 1.00 | 1.00 | – | 1 | – | – |  |")
    );
    assert!(
        markdown.contains("| **millpond** | 26.6 | 27.2 | 1.32 | 1.33 | 1.32 | 0 | – | – |  |")
    );
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
    bad(
        "unknown",
        "README.md",
        "<!-- numbers:other --><!-- end -->",
        "nothing describes numbers:other",
    );
    bad(
        "endless",
        "README.md",
        "<!-- numbers:some -->",
        "numbers:some has no `<!-- end -->`",
    );
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
    assert_eq!(desk.report().0, 0);
    assert!(
        desk.read("performance.md")
            .contains("| machine | not recorded with these results |")
    );
}
