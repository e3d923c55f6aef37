//! A [`Profile`] in pprof's own format: gzip around `profile.proto`.
//!
//! * Addresses are left out. The names are all there, and an address says nothing to
//!   who reads the profile of a process that is gone; two runs of a program then have
//!   the same locations, and can be compared.
//! * There is no duration. pprof adds those of the profiles it merges, so that with
//!   `-base` it would show more than the process has lived.

use super::profile_proto as proto;
use super::stacks::{Place, Stack, Stacks};
use crate::track::{CallSite, Profile, Sample};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::UNIX_EPOCH;

/// In the order of each sample's values.
const SAMPLE_TYPES: [(&str, &str); 4] = [
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
];

/// What pprof shows unless told otherwise.
const DEFAULT_SAMPLE_TYPE: &str = "inuse_space";

/// The profile's only mapping: the program. Without one that has names, pprof would
/// look for the binary to find them there.
const PROGRAM: u64 = 1;

/// Needs feature `pprof`.
impl Profile {
    /// The profile as `go tool pprof` and other readers of pprof's format take it:
    /// compressed, with the sample types `alloc_objects`, `alloc_space`,
    /// `inuse_objects` and `inuse_space`, and the labels `pool`, `thread` and `state`
    /// (`lent` or `idle`).
    ///
    /// A function is named by the [stack](crate::Pool::set_backtraces) if there is
    /// one, otherwise `file:line`. Names of stacks are looked up here, which takes
    /// milliseconds for each megabyte of the program the first time.
    ///
    /// ```
    /// use millpond::Pool;
    /// use millpond::track::Tracking;
    ///
    /// let pool = Pool::from_fn(|| vec![0u8; 1024]).with_tracking(Tracking::All);
    /// let held = pool.get();
    /// let bytes = pool.profile().to_pprof();
    /// assert_eq!(bytes[..2], [0x1f, 0x8b]); // gzip
    /// # drop(held);
    /// ```
    pub fn to_pprof(&self) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&encode(self).encode_to_vec())
            .and_then(|()| gzip.finish())
            .expect("a vector takes all that is written")
    }

    /// Writes the same to a file, say, in one piece.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// let profile = millpond::track::profile();
    /// profile.write_pprof(std::fs::File::create("pools.pb.gz")?)
    /// # } // go tool pprof -top pools.pb.gz
    /// ```
    ///
    /// # Errors
    ///
    /// If `to` cannot be written to.
    pub fn write_pprof(&self, mut to: impl Write) -> io::Result<()> {
        to.write_all(&self.to_pprof())?;
        to.flush()
    }
}

fn encode(profile: &Profile) -> proto::Profile {
    let mut encoder = Encoder::new(profile);
    for sample in &profile.samples {
        encoder.add(sample);
    }
    encoder.finish(profile)
}

/// A figure as the format has it.
fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The profile while it is being written, and what is in it already.
struct Encoder {
    profile: proto::Profile,
    strings: HashMap<String, i64>,
    /// By name and file.
    functions: HashMap<(i64, i64), u64>,
    locations: HashMap<Vec<proto::Line>, u64>,
    /// The location at each address that calls.
    callers: HashMap<usize, Option<u64>>,
    stacks: Stacks,
}

impl Encoder {
    fn new(profile: &Profile) -> Self {
        let mut encoder = Self {
            profile: proto::Profile::default(),
            strings: HashMap::new(),
            functions: HashMap::new(),
            locations: HashMap::new(),
            callers: HashMap::new(),
            stacks: Stacks::new(profile.samples.iter().map(|sample| &sample.site)),
        };
        encoder.string("");
        encoder
    }

    /// The index of a text.
    fn string(&mut self, text: &str) -> i64 {
        if let Some(at) = self.strings.get(text) {
            return *at;
        }
        let at = self.profile.string_table.len() as i64;
        self.profile.string_table.push(text.into());
        self.strings.insert(text.into(), at);
        at
    }

    fn value_type(&mut self, (r#type, unit): (&str, &str)) -> proto::ValueType {
        proto::ValueType {
            r#type: self.string(r#type),
            unit: self.string(unit),
        }
    }

    fn function(&mut self, name: &str, file: &str) -> u64 {
        let name = self.string(name);
        let filename = self.string(file);
        let functions = &mut self.profile.function;
        *self.functions.entry((name, filename)).or_insert_with(|| {
            let id = functions.len() as u64 + 1;
            functions.push(proto::Function {
                id,
                name,
                system_name: name,
                filename,
            });
            id
        })
    }

    fn location(&mut self, lines: Vec<proto::Line>) -> u64 {
        let locations = &mut self.profile.location;
        *self.locations.entry(lines).or_insert_with_key(|lines| {
            let id = locations.len() as u64 + 1;
            locations.push(proto::Location {
                id,
                mapping_id: PROGRAM,
                line: lines.clone(),
            });
            id
        })
    }

    fn places(&mut self, places: Vec<Place>) -> u64 {
        let lines = places.into_iter().map(|place| proto::Line {
            function_id: self.function(&place.function, &place.file),
            line: place.line.into(),
            column: place.column.into(),
        });
        let lines = lines.collect();
        self.location(lines)
    }

    /// The location of a function that called; none if nothing is known of it.
    fn caller(&mut self, address: usize) -> Option<u64> {
        if let Some(id) = self.callers.get(&address) {
            return *id;
        }
        let places = self.stacks.at(address);
        let id = (!places.is_empty()).then(|| self.places(places));
        self.callers.insert(address, id);
        id
    }

    /// The locations of a stack, the line that borrowed first.
    fn stack(&mut self, site: &CallSite) -> Vec<u64> {
        let Stack { leaf, callers } = self.stacks.of(site);
        let mut locations = vec![self.places(leaf)];
        locations.extend(callers.iter().filter_map(|address| self.caller(*address)));
        locations
    }

    /// No label where there is nothing to tell: pprof would show `""`.
    fn label(&mut self, key: &str, value: &str) -> Option<proto::Label> {
        (!value.is_empty()).then(|| proto::Label {
            key: self.string(key),
            str: self.string(value),
        })
    }

    fn add(&mut self, sample: &Sample) {
        let state = if sample.is_idle { "idle" } else { "lent" };
        let label = [
            self.label("pool", &sample.pool),
            self.label("thread", &sample.thread),
            self.label("state", state),
        ];
        let location_id = self.stack(&sample.site);
        let value = [
            sample.alloc_objects,
            sample.alloc_space,
            sample.inuse_objects,
            sample.inuse_space,
        ];
        self.profile.sample.push(proto::Sample {
            location_id,
            value: value.map(int).into(),
            label: label.into_iter().flatten().collect(),
        });
    }

    fn finish(mut self, profile: &Profile) -> proto::Profile {
        self.profile.sample_type = SAMPLE_TYPES.map(|names| self.value_type(names)).into();
        self.profile.default_sample_type = self.string(DEFAULT_SAMPLE_TYPE);
        self.profile.period_type = Some(self.value_type(("loans", "count")));
        self.profile.period = profile.period.into();
        let since = profile.time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.profile.time_nanos = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        let program = std::env::current_exe().unwrap_or_default();
        // Not its path: pprof's source view would disassemble it, at addresses that the
        // profile has not got.
        let name = program.file_name().unwrap_or_default();
        let filename = self.string(&name.to_string_lossy());
        self.profile.mapping.push(proto::Mapping {
            id: PROGRAM,
            filename,
            has_functions: true,
            has_filenames: true,
            has_line_numbers: true,
            has_inline_frames: true,
        });
        self.profile
    }
}
