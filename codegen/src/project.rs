//! Locates the folder of a project.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::printable;

/// Returns the root of the project that contains `folder`: the closest ancestor with `specs/` and a workspace
/// `Cargo.toml`.
pub fn root(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| is_root(folder)).map(Path::to_owned)
}

/// Returns the error message for a folder outside projects.
pub fn not_found(folder: &Path) -> String {
    format!(
        "no project found: expected `specs/` and a `Cargo.toml` with [workspace] in {} or a folder above it; \
         change to the folder of a project",
        printable(folder)
    )
}

fn is_root(folder: &Path) -> bool {
    let manifest = folder.join("Cargo.toml");
    folder.join("specs").is_dir()
        && manifest.is_file()
        && fs::read_to_string(manifest).is_ok_and(|text| text.lines().any(|line| line.starts_with("[workspace")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_project_above() {
        let folder = tempfile::tempdir().unwrap();
        let [outer, inner] = ["outer", "outer/inner"].map(|path| folder.path().join(path));
        fs::create_dir_all(inner.join("specs/trade")).unwrap();
        fs::create_dir_all(outer.join("specs")).unwrap();
        fs::write(outer.join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
        // A folder of specs without a workspace manifest is not a project.
        assert_eq!(root(&inner.join("specs")), Some(outer.clone()));
        fs::write(inner.join("Cargo.toml"), "[package]\nname = \"inner\"\n").unwrap();
        assert_eq!(root(&inner.join("specs")), Some(outer.clone()));
        fs::write(inner.join("Cargo.toml"), "[workspace]\n").unwrap();
        assert_eq!(root(&inner.join("specs/trade")), Some(inner));
        assert_eq!(root(&outer.join("nothing")), Some(outer));
        assert_ne!(root(folder.path()), Some(folder.path().to_owned()));
    }
}
