//! The crate that a command works on.

use std::path::{Path, PathBuf};

use codegen::commands::CommandError;
use codegen::files::printable;

/// A folder with a `Cargo.toml`, and with `specs/` if the crate has specs.
pub(crate) struct Project {
    /// The folder. Empty if it is the current folder, for short paths in messages.
    pub(crate) root: PathBuf,
    has_specs: bool,
}

impl Project {
    /// Finds the crate of the current folder: the closest folder with `Cargo.toml` and `specs/`, or else the closest folder
    /// with `Cargo.toml`.
    pub(crate) fn find() -> Result<Option<Self>, CommandError> {
        let folder = current_folder()?;
        Ok(find(&folder).map(|(root, has_specs)| {
            let root = if root == folder { PathBuf::new() } else { root.to_owned() };
            Self { root, has_specs }
        }))
    }

    /// Finds the crate of the current folder.
    ///
    /// # Errors
    ///
    /// If there is no crate.
    pub(crate) fn required() -> Result<Self, CommandError> {
        let folder = current_folder()?;
        Self::find()?.ok_or_else(|| {
            let folder = printable(&folder);
            let problem = format!("no crate found: expected a `Cargo.toml` in {folder} or a folder above it");
            CommandError::Failed(format!("{problem}; run `cargo init`, or change to the folder of a crate"))
        })
    }

    /// Returns the folder of specs.
    ///
    /// # Errors
    ///
    /// If there is no such folder.
    pub(crate) fn required_specs(&self) -> Result<PathBuf, CommandError> {
        if self.has_specs {
            return Ok(self.specs());
        }
        let root = if self.root.as_os_str().is_empty() { current_folder()? } else { self.root.clone() };
        Err(CommandError::Failed(format!(
            "no specs found: expected a folder `specs` in {}; create it with `cargo top import PAGE` or `cargo top new METHOD`",
            printable(&root)
        )))
    }

    /// Returns the folder of specs, whether or not it exists.
    pub(crate) fn specs(&self) -> PathBuf {
        self.root.join("specs")
    }

    /// Returns the folder of specs if it exists.
    pub(crate) fn existing_specs(&self) -> Option<PathBuf> {
        self.has_specs.then(|| self.specs())
    }
}

fn current_folder() -> Result<PathBuf, CommandError> {
    std::env::current_dir().map_err(|error| CommandError::Failed(format!("cannot read the current folder: {error}")))
}

/// Finds the folder of a crate, and whether it has specs.
fn find(folder: &Path) -> Option<(&Path, bool)> {
    let crates = || folder.ancestors().filter(|folder| folder.join("Cargo.toml").is_file());
    let with_specs = crates().find(|folder| folder.join("specs").is_dir());
    with_specs.map(|folder| (folder, true)).or_else(|| crates().next().map(|folder| (folder, false)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn finds_the_closest_crate_with_specs() {
        let folder = tempfile::tempdir().unwrap();
        let [outer, inner] = ["outer", "outer/inner"].map(|path| folder.path().join(path));
        fs::create_dir_all(inner.join("src")).unwrap();
        for folder in [&outer, &inner] {
            fs::write(folder.join("Cargo.toml"), "").unwrap();
        }
        let src = inner.join("src");
        assert_eq!(find(&src), Some((inner.as_path(), false)));
        fs::create_dir(outer.join("specs")).unwrap();
        assert_eq!(find(&src), Some((outer.as_path(), true)));
        fs::create_dir(inner.join("specs")).unwrap();
        assert_eq!(find(&src), Some((inner.as_path(), true)));
        assert_eq!(find(&inner.join("specs")), Some((inner.as_path(), true)));
        // A folder `specs` without `Cargo.toml` is ignored.
        fs::create_dir(src.join("specs")).unwrap();
        assert_eq!(find(&src), Some((inner.as_path(), true)));
    }
}
