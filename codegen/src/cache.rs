//! Reuses files of an earlier run.
//!
//! The cache has hashes only: of the inputs of a run, and for each file of what it was rendered from and of its text. The texts
//! are those in the output folder. A text is reused only if it has the hash of the text that the same program rendered from the
//! same input. An unreadable or damaged cache is an empty one.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::files;
use crate::model::Model;
use crate::output::{Block, FileSet};
use crate::parallel::{available_threads, map_in_parallel};

/// The counts of a run, for its report.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Summary {
    pub(crate) methods: usize,
    pub(crate) categories: usize,
    pub(crate) topics: usize,
    pub(crate) callbacks: usize,
}

impl Summary {
    pub(crate) fn of(model: &Model) -> Self {
        Self {
            methods: model.method_count(),
            categories: model.categories.len(),
            topics: model.topics.len(),
            callbacks: model.callbacks().count(),
        }
    }
}

/// The cache of one output folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    /// The file of the record.
    file: PathBuf,
    /// The output folder.
    out: PathBuf,
    /// The digest of the running program.
    program: Digest,
    record: Record,
}

/// What the last run wrote.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Record {
    /// The digest of all inputs.
    inputs: Option<Digest>,
    summary: Summary,
    owned: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Entry>,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Entry {
    /// The digest of what the file was rendered from, if the file can be reused alone.
    key: Option<Digest>,
    /// The digest of the text.
    text: Digest,
}

/// The maximum size of a record. The whole public catalogue has 1 MB.
const MAX_BYTES: u64 = 64 << 20;

impl Cache {
    /// Opens the cache of the output folder `out` in `folder`. `None` if `folder` does not exist: cargo marks its target folder
    /// as a cache when it creates it. `None` also if the running program cannot be identified.
    pub(crate) fn open(folder: &Path, out: &Path) -> Option<Self> {
        if !folder.is_dir() {
            return None;
        }
        let program = program()?;
        let place = Digest::of(&std::path::absolute(out).unwrap_or_else(|_| out.to_owned()));
        let file = folder.join(format!("top-codegen-{}.json", &place.text()[..16]));
        let record = files::read(&file, MAX_BYTES).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Some(Self { file, out: out.to_owned(), program, record })
    }

    /// Returns the digest of an input of this program.
    pub(crate) fn key(&self, input: &impl Hash) -> Digest {
        Digest::of(&(&self.program, input))
    }

    /// Returns all files of the last run, if it had these inputs and all of its files are unchanged.
    pub(crate) fn all(&self, inputs: &Digest) -> Option<(FileSet, Summary)> {
        let Record { inputs: recorded, summary, owned, files, blocks } = &self.record;
        if recorded.as_ref() != Some(inputs) {
            return None;
        }
        let entries: Vec<_> = files.iter().collect();
        let texts = map_in_parallel(&entries, available_threads(), |(path, entry)| self.unchanged(path, entry));
        let mut set = FileSet::of_parts(owned.clone(), blocks.clone());
        for ((path, entry), text) in entries.into_iter().zip(texts) {
            set.put_reusable(path.clone(), text?, entry.key.clone());
        }
        Some((set, summary.clone()))
    }

    /// Returns the text of a file that was rendered from the input with this key, if the file is unchanged.
    fn text(&self, path: &Path, key: &Digest) -> Option<String> {
        let entry = self.record.files.get(path).filter(|entry| entry.key.as_ref() == Some(key))?;
        self.unchanged(path, entry)
    }

    fn unchanged(&self, path: &Path, entry: &Entry) -> Option<String> {
        let bytes = files::read(&self.out.join(path), MAX_BYTES).ok()?;
        String::from_utf8(bytes).ok().filter(|text| Digest::of(text) == entry.text)
    }

    /// Remembers the files of a run. A record that cannot be written only makes the next run slower.
    pub(crate) fn save(&self, inputs: &Digest, summary: &Summary, files: &FileSet) {
        if self.record.inputs.as_ref() == Some(inputs) {
            return;
        }
        let entries: Vec<_> = files.reusable().collect();
        let entries = map_in_parallel(&entries, available_threads(), |(path, text, key)| {
            (path.to_path_buf(), Entry { key: key.cloned(), text: Digest::of(*text) })
        });
        let (owned, blocks) = files.parts();
        let record = Record {
            inputs: Some(inputs.clone()),
            summary: summary.clone(),
            owned: owned.to_vec(),
            files: entries.into_iter().collect(),
            blocks: blocks.to_vec(),
        };
        if let Ok(text) = serde_json::to_string(&record) {
            let _ = files::write(&self.file, &format!("{}\n{text}", Digest::of(&text).text()));
        }
    }
}

/// Returns the digest of the running program. It contains the generator and its templates.
fn program() -> Option<Digest> {
    static PROGRAM: OnceLock<Option<Digest>> = OnceLock::new();
    let program = || std::env::current_exe().and_then(std::fs::read).ok().map(|bytes| Digest::of(&bytes));
    PROGRAM.get_or_init(program).clone()
}

/// Reads a record whose first line is the digest of the rest.
fn decode(bytes: &[u8]) -> Option<Record> {
    let (digest, text) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
    (Digest::of(text).text() == digest).then(|| serde_json::from_str(text).ok())?
}

/// The cached files below a folder of the output. The default has none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reuse<'a> {
    cache: Option<(&'a Cache, &'a Path)>,
}

impl<'a> Reuse<'a> {
    /// Returns the files of `cache` in `folder` and below.
    pub(crate) fn below(cache: Option<&'a Cache>, folder: &'a Path) -> Self {
        Self { cache: cache.map(|cache| (cache, folder)) }
    }

    /// Returns the key of an input, if there is a cache.
    pub(crate) fn key(self, input: &impl Hash) -> Option<Digest> {
        self.cache.map(|(cache, _)| cache.key(input))
    }

    /// Returns the text of a file that was rendered from the input with this key.
    pub(crate) fn text(self, path: &Path, key: &Digest) -> Option<String> {
        self.cache.and_then(|(cache, folder)| cache.text(&folder.join(path), key))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is a test's verdict")]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::builder::{Builder, Generated};
    use crate::render::Paths;

    const LIMITS: &str = "fixture/taobao.fixture.limits.set.yaml";

    /// A copy of the specs of fixtures, an output folder and the folder of a cache.
    struct Project(TempDir);

    impl Project {
        /// A project after one run.
        fn generated() -> Self {
            let project = Self(TempDir::new().unwrap());
            let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs");
            for folder in ["", "fixture", "messages"] {
                for entry in fs::read_dir(specs.join(folder)).unwrap().map(|entry| entry.unwrap()) {
                    if entry.file_type().unwrap().is_file() {
                        let text = fs::read_to_string(entry.path()).unwrap();
                        files::write(&project.spec(folder).join(entry.file_name()), &text).unwrap();
                    }
                }
            }
            fs::create_dir(project.0.path().join("target")).unwrap();
            project.builder().generate().unwrap().write().unwrap();
            project
        }

        fn spec(&self, path: &str) -> PathBuf {
            self.0.path().join("specs").join(path)
        }

        fn out(&self, path: &str) -> PathBuf {
            self.0.path().join("api").join(path)
        }

        fn builder(&self) -> Builder {
            Builder::new(self.spec("")).out(self.out("")).cache(self.0.path().join("target"))
        }

        fn edit(&self, path: &Path, edit: impl Fn(&str) -> String) {
            fs::write(path, edit(&fs::read_to_string(path).unwrap())).unwrap();
        }

        fn record(&self) -> PathBuf {
            let mut entries = fs::read_dir(self.0.path().join("target")).unwrap();
            let record = entries.next().unwrap().unwrap().path();
            assert!(entries.next().is_none());
            record
        }

        /// Generates with `builder` and the cache. The files are those of a run without a cache.
        fn generate(&self, builder: &Builder) -> Generated {
            let generated = builder.generate().unwrap();
            let folder = TempDir::new().unwrap();
            let cold = builder.clone().cache(folder.path().join("none")).generate().unwrap();
            assert!(cold.cache.is_none());
            assert!(generated.files().files().eq(cold.files().files()));
            assert_eq!(generated.features(), cold.features());
            assert_eq!(generated.check().unwrap(), cold.check().unwrap());
            generated
        }

        /// Writes what the cache and the specs give, and checks that the next run has nothing to do.
        fn write(&self, generated: &Generated) -> Vec<String> {
            let changes = generated.write().unwrap().changes;
            let next = self.generate(&self.builder());
            assert!(is_unchanged(&next));
            assert_eq!(next.check().unwrap().changes, []);
            changes.iter().map(|change| change.to_string().replace('\\', "/")).collect()
        }
    }

    /// Returns whether all files came from the cache.
    fn is_unchanged(generated: &Generated) -> bool {
        let (cache, inputs) = generated.cache.as_ref().unwrap();
        cache.all(inputs).is_some()
    }

    /// Returns the files of methods and topics that did not come from the cache.
    fn rendered(generated: &Generated) -> Vec<String> {
        let (cache, _) = generated.cache.as_ref().unwrap();
        let files = generated.files().reusable().filter(|(path, ..)| !path.ends_with("mod.rs"));
        let rendered = files.filter(|(path, _, key)| cache.text(path, key.unwrap()).is_none());
        rendered.map(|(path, ..)| path.to_string_lossy().replace('\\', "/")).collect()
    }

    #[test]
    fn a_run_without_a_change_renders_nothing() {
        let project = Project::generated();
        let generated = project.generate(&project.builder());
        assert!(is_unchanged(&generated));
        assert_eq!(rendered(&generated), [""; 0]);
        assert_eq!(project.write(&generated), [""; 0]);
        assert_eq!(generated.diff().unwrap(), []);
        // A file without a spec is removed even if all others are unchanged.
        fs::copy(project.out("fixture/mod.rs"), project.out("fixture/gone.rs")).unwrap();
        let generated = project.generate(&project.builder());
        assert!(is_unchanged(&generated));
        assert_eq!(project.write(&generated), ["orphan   fixture/gone.rs"]);
    }

    #[test]
    fn a_changed_spec_renders_its_file() {
        let project = Project::generated();
        project.edit(&project.spec(LIMITS), |text| text.replacen("title: ", "title: Other ", 1));
        let generated = project.generate(&project.builder());
        assert!(!is_unchanged(&generated));
        assert_eq!(rendered(&generated), ["fixture/fixture_limits_set.rs"]);
        assert_eq!(project.write(&generated), ["stale    fixture/fixture_limits_set.rs"]);
        // The edit is undone: the cache is that of the last run.
        project.edit(&project.spec(LIMITS), |text| text.replacen("title: Other ", "title: ", 1));
        let generated = project.generate(&project.builder());
        assert_eq!(rendered(&generated), ["fixture/fixture_limits_set.rs"]);
        assert_eq!(project.write(&generated), ["stale    fixture/fixture_limits_set.rs"]);
    }

    #[test]
    fn every_input_counts() {
        let project = Project::generated();
        let builder = project.builder();
        let only = project.generate(&builder.clone().only(["*limits*"]));
        assert!(!is_unchanged(&only));
        assert_eq!(rendered(&only), [""; 0]);
        let paths = project.generate(&builder.clone().paths(Paths::of_runtime("crate", "other")));
        assert!(!is_unchanged(&paths));
        assert_eq!(rendered(&paths).len(), 14);
        let package = project.generate(&builder.clone().package("client"));
        assert!(!is_unchanged(&package));
        let other_out = project.generate(&builder.clone().out(project.0.path().join("other")));
        assert_eq!(rendered(&other_out).len(), 14);
        // A secret name changes the files that have such a parameter.
        project.edit(&project.spec("platform.yaml"), |text| text.replacen("secrets: [", "secrets: [num, ", 1));
        let platform = project.generate(&builder);
        assert!(!is_unchanged(&platform));
        assert!(rendered(&platform).contains(&"fixture/fixture_limits_set.rs".to_owned()));
        project.write(&platform);
        // A spec with another name is another input.
        fs::rename(project.spec(LIMITS), project.spec("fixture/taobao.fixture.limits.put.yaml")).unwrap();
        assert!(builder.generate().is_err());
        project.edit(&project.spec("fixture/taobao.fixture.limits.put.yaml"), |text| {
            text.replace("limits.set", "limits.put")
        });
        let renamed = project.generate(&builder);
        assert_eq!(rendered(&renamed), ["fixture/fixture_limits_put.rs"]);
        assert_eq!(
            project.write(&renamed),
            [
                "missing  fixture/fixture_limits_put.rs",
                "orphan   fixture/fixture_limits_set.rs",
                "stale    fixture/mod.rs"
            ]
        );
        fs::remove_file(project.spec("messages/taobao_fixture_FixtureEmpty.yaml")).unwrap();
        let removed = project.generate(&builder);
        assert_eq!(rendered(&removed), [""; 0]);
        assert_eq!(project.write(&removed), ["orphan   messages/fixture_empty.rs", "stale    messages/mod.rs"]);
    }

    #[test]
    fn another_program_reuses_nothing() {
        let project = Project::generated();
        let generated = project.generate(&project.builder());
        let (mut cache, inputs) = generated.cache.unwrap();
        assert_eq!(cache.key(&"input"), cache.key(&"input"));
        let before = cache.key(&"input");
        cache.program = Digest::of("another program");
        assert_ne!(cache.key(&"input"), before);
        assert!(cache.all(&cache.key(&inputs)).is_none());
    }

    #[test]
    fn a_damaged_file_is_repaired() {
        let project = Project::generated();
        let path = "fixture/fixture_limits_set.rs";
        let text = fs::read_to_string(project.out(path)).unwrap();
        let half = &text[..text.len() / 2];
        for damaged in [Some(text.clone() + " "), Some(text.replace("pub ", "")), Some(half.to_owned()), None] {
            let expected = match damaged {
                Some(damaged) => {
                    fs::write(project.out(path), damaged).unwrap();
                    "stale"
                }
                None => {
                    fs::remove_file(project.out(path)).unwrap();
                    "missing"
                }
            };
            let generated = project.generate(&project.builder());
            assert!(!is_unchanged(&generated));
            assert_eq!(rendered(&generated), [path]);
            assert_eq!(project.write(&generated), [format!("{expected:8} {path}")]);
            assert_eq!(fs::read_to_string(project.out(path)).unwrap(), text);
        }
        // A file without a spec, and a module that lists others.
        fs::write(project.out("fixture/gone.rs"), &text).unwrap();
        fs::write(project.out("fixture/mod.rs"), &text).unwrap();
        let generated = project.generate(&project.builder());
        assert_eq!(project.write(&generated), ["orphan   fixture/gone.rs", "stale    fixture/mod.rs"]);
        // Other line endings are no change.
        fs::write(project.out(path), text.replace('\n', "\r\n")).unwrap();
        assert_eq!(project.generate(&project.builder()).write().unwrap().changes, []);
        // A file written by hand is kept.
        fs::write(project.out(path), "// mine\n").unwrap();
        assert!(project.builder().generate().unwrap().write().is_err());
        assert_eq!(fs::read_to_string(project.out(path)).unwrap(), "// mine\n");
    }

    #[test]
    fn a_damaged_cache_is_ignored() {
        let project = Project::generated();
        let record = project.record();
        let bytes = fs::read(&record).unwrap();
        assert!(decode(&bytes).is_some());
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_none(), "{length}");
        }
        for place in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1;
            assert!(decode(&bytes).is_none(), "{place}");
        }
        // Text of the same length, and a valid digest of something that is no record.
        for foreign in [vec![0xff; bytes.len()], format!("{}\n[]", Digest::of("[]").text()).into_bytes()] {
            fs::write(&record, &foreign).unwrap();
            let generated = project.generate(&project.builder());
            assert_eq!(rendered(&generated).len(), 14, "{}", String::from_utf8_lossy(&foreign));
        }
        assert_eq!(project.write(&project.generate(&project.builder())), [""; 0]);
        fs::remove_file(&record).unwrap();
        fs::create_dir(&record).unwrap();
        assert_eq!(project.generate(&project.builder()).write().unwrap().changes, []);
    }

    #[test]
    fn problems_are_reported_again() {
        let project = Project::generated();
        fs::write(project.spec("fixture/notes.txt"), "").unwrap();
        let problem = project.builder().generate().unwrap_err().to_string();
        assert!(problem.contains("unexpected file"), "{problem}");
        assert_eq!(project.builder().generate().unwrap_err().to_string(), problem);
        fs::remove_file(project.spec("fixture/notes.txt")).unwrap();
        assert!(is_unchanged(&project.generate(&project.builder())));
    }

    #[test]
    fn only_a_run_that_writes_changes_the_cache() {
        let project = Project::generated();
        let before = fs::read(project.record()).unwrap();
        project.edit(&project.spec(LIMITS), |text| text.replacen("title: ", "title: Other ", 1));
        let generated = project.builder().generate().unwrap();
        assert_eq!(generated.check().unwrap().changes.len(), 1);
        generated.diff().unwrap();
        assert_eq!(fs::read(project.record()).unwrap(), before);
        generated.write().unwrap();
        assert_ne!(fs::read(project.record()).unwrap(), before);
        // A folder that does not exist is not created.
        let missing = project.0.path().join("missing");
        project.builder().cache(&missing).generate().unwrap().write().unwrap();
        assert!(!missing.exists());
    }
}
