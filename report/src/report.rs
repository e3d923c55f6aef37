//! All there is to say, before it takes a form.

use crate::explanations::Explanations;
use crate::judged::{self, Section, Standing};
use crate::machine::Machine;
use crate::outputs::Output;
use crate::results::{Capability, Kind, Results, Row};

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) machine: Vec<(String, String)>,
    pub(crate) crates: Vec<(String, String)>,
    pub(crate) sections: Vec<Section>,
    pub(crate) instructions: Vec<Row>,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) outputs: Vec<Output>,
}

/// How often others are where.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) behind: usize,
    pub(crate) level: usize,
    pub(crate) ahead: usize,
}

/// Subjects across, capabilities down, with a cell for each subject.
pub(crate) struct Matrix<'a> {
    pub(crate) subjects: Vec<&'a str>,
    pub(crate) rows: Vec<(&'a str, Vec<Option<&'a Capability>>)>,
}

impl Report {
    pub(crate) fn new(
        machine: Option<Machine>,
        results: Results,
        outputs: Vec<Output>,
        why: &mut Explanations,
    ) -> Self {
        let mut machine = machine.unwrap_or_else(|| Machine {
            facts: vec![("machine".into(), "not recorded with these results".into())],
            crates: Vec::new(),
        });
        let versions = results.rows.iter().filter(|row| row.bench == "go");
        if let Some(version) = versions.filter_map(|row| row.version.as_ref()).next() {
            machine.facts.push(("Go".into(), version.clone()));
        }
        Self {
            machine: machine.facts,
            crates: machine.crates,
            sections: judged::sections(&results, why),
            instructions: judged::instructions(&results)
                .into_iter()
                .cloned()
                .collect(),
            capabilities: results.capabilities,
            outputs,
        }
    }

    /// Where all was measured, in a sentence, if that was recorded.
    pub(crate) fn place(&self) -> Option<String> {
        let fact = |name| {
            let mut facts = self.machine.iter();
            facts
                .find(|(other, _)| other == name)
                .map(|(_, value)| value.clone())
        };
        // Whatever else is known of the machine, this is.
        let date = fact("date")?;
        let cores = fact("cores").map(|cores| match &*cores {
            "1" => "1 core".to_owned(),
            more => format!("{more} cores"),
        });
        let commit = fact("commit").map(|commit| format!("commit {commit}"));
        // A line each, as long as lines of a README are.
        let lines = [
            vec![fact("processor"), cores, fact("system")],
            vec![fact("C library"), fact("compiler"), fact("Go")],
            vec![Some(date), commit],
        ];
        let lines = lines.map(|facts| facts.into_iter().flatten().collect::<Vec<_>>().join(", "));
        let known: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        Some(format!("Measured on {}.", known.join(",\n")))
    }

    /// Of all rows of other pools.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let groups = self.sections.iter().flat_map(|section| &section.groups);
        for judged in groups.flat_map(|group| &group.rows) {
            match judged.standing {
                _ if judged.row.kind != Kind::Peer => {}
                Standing::None | Standing::LeftOut(_) => {}
                Standing::Behind => tally.behind += 1,
                Standing::Level => tally.level += 1,
                Standing::Ahead(..) => tally.ahead += 1,
            }
        }
        tally
    }

    /// What the tally says.
    pub(crate) fn summary(&self) -> String {
        let Tally {
            behind,
            level,
            ahead,
        } = self.tally();
        let all = behind + level + ahead;
        if all == 0 {
            return "Nothing was compared with another pool.".into();
        }
        let percent = crate::judged::LEVEL * 100.0;
        format!(
            "Of {all} comparisons with another pool on the same work, millpond is ahead in \
             {behind}, level (within {percent} %) in {level}, and behind in {ahead}. Rows that \
             are ahead of millpond are marked with the share of its time that they take, and \
             explained below their table."
        )
    }

    /// What each subject can do.
    pub(crate) fn capabilities(&self) -> Matrix<'_> {
        let mut subjects: Vec<&str> = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for one in &self.capabilities {
            if !subjects.contains(&&*one.subject) {
                subjects.push(&one.subject);
            }
            if !names.contains(&&*one.capability) {
                names.push(&one.capability);
            }
        }
        let find = |name: &str, subject: &str| {
            let mut all = self.capabilities.iter();
            all.find(|one| one.capability == name && one.subject == subject)
        };
        let rows = names
            .into_iter()
            .map(|name| {
                (
                    name,
                    subjects.iter().map(|subject| find(name, subject)).collect(),
                )
            })
            .collect();
        Matrix { subjects, rows }
    }
}
