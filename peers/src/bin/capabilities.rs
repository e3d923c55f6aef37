//! What can each pool do? Tries it, and prints a table; evidence below.
//!
//!     cargo run -p millpond-peers --bin capabilities
//!
//! With `MILLPOND_RESULTS` naming a directory, writes `capabilities.jsonl` into it: a
//! line for each pool and question, with the fields `bench`, `row` (the pool), `kind`,
//! `capability`, `question`, `able` (true, false, or null where the question makes no
//! sense) and `evidence`.

use clap::Parser;
use millpond_bench::results;
use millpond_peers::capability::{Answer, CAPABILITIES, SUBJECTS, ask, tell, try_here};
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "Tries what each pool can do, and prints a table")]
struct Args {
    /// Only these pools.
    pools: Vec<String>,
    /// Try one in this process, which may not survive it.
    #[arg(long = "try", num_args = 2, value_names = ["POOL", "CAPABILITY"])]
    try_here: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.try_here.as_deref() {
        Some([pool, capability]) => try_one(pool, capability),
        _ => try_all(&args.pools),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn try_one(pool: &str, capability: &str) -> Result<(), String> {
    let answer = try_here(pool, capability);
    tell(&answer.ok_or_else(|| format!("no pool {pool:?}, or no question {capability:?}"))?);
    Ok(())
}

fn try_all(pools: &[String]) -> Result<(), String> {
    if let Some(unknown) = pools.iter().find(|pool| !SUBJECTS.contains(&pool.as_str())) {
        return Err(format!("no pool {unknown:?}; there are {SUBJECTS:?}"));
    }
    let wanted = |pool: &&str| pools.is_empty() || pools.iter().any(|name| name == pool);
    let own = std::env::current_exe().map_err(|error| format!("which program is this? {error}"))?;
    let mut answers: Vec<(&str, Vec<Answer>)> = Vec::new();
    for pool in SUBJECTS.iter().copied().filter(|pool| wanted(pool)) {
        let all = CAPABILITIES.iter().map(|asked| ask(&own, pool, asked.name));
        answers.push((pool, all.collect::<Result<_, _>>()?));
    }
    print(&answers);
    match results::directory() {
        Some(directory) => write(&directory, &answers),
        None => Ok(()),
    }
}

fn print(answers: &[(&str, Vec<Answer>)]) {
    print!("{:30}", "");
    CAPABILITIES
        .iter()
        .for_each(|asked| print!("{:>12}", asked.name));
    for (pool, answers) in answers {
        print!("\n{pool:30}");
        answers
            .iter()
            .for_each(|answer| print!("{:>12}", answer.word()));
    }
    println!();
    for (at, asked) in CAPABILITIES.iter().enumerate() {
        println!("\n{}: {}", asked.name, asked.question);
        for (pool, answers) in answers {
            let answer = &answers[at];
            println!("  {:4}{pool}: {}", answer.word(), answer.evidence);
        }
    }
}

fn write(directory: &std::path::Path, answers: &[(&str, Vec<Answer>)]) -> Result<(), String> {
    let mut file = results::create(directory, "capabilities.jsonl")?;
    for (pool, answers) in answers {
        for (asked, answer) in CAPABILITIES.iter().zip(answers) {
            let line = json!({
                "bench": "capabilities",
                "row": pool,
                "kind": if *pool == SUBJECTS[0] { "pool" } else { "peer" },
                "capability": asked.name,
                "question": asked.question,
                "able": answer.able,
                "evidence": answer.evidence,
            });
            writeln!(file, "{line}").map_err(|error| format!("cannot write results: {error}"))?;
        }
    }
    Ok(())
}
