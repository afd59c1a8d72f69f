//! The package of the generated code: its runtime dependency and its root file.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{
    Dependency, DependencyKind, Metadata, MetadataCommand, Package as CargoPackage, Target, TargetKind,
};
use codegen::commands::CommandError;
use codegen::files::printable;
use syn::{Item, ItemMod};

/// The packages with the runtime, the preferred one first. `generated-sdk` re-exports `top-client`.
const RUNTIMES: [&str; 2] = ["generated-sdk", "top-client"];

/// The package that contains the generated code.
pub(crate) struct Package {
    /// The crate with the runtime as the code names it, if the manifest depends on it.
    pub(crate) runtime: Option<String>,
    /// The features of that dependency.
    pub(crate) features: Vec<String>,
    /// The root file: `lib.rs`, or the `main.rs` of a package without a library.
    pub(crate) root_file: PathBuf,
    /// The target folder of cargo.
    pub(crate) target: PathBuf,
    /// Whether the root file belongs to a library.
    pub(crate) is_library: bool,
    /// All root files in the folder, which may declare the module too.
    root_files: Vec<PathBuf>,
}

impl Package {
    /// Reads the package in the folder `root` with `cargo metadata`.
    ///
    /// # Errors
    ///
    /// If cargo cannot read the manifest, or the manifest has no package.
    pub(crate) fn read(root: &Path) -> Result<Self, CommandError> {
        let manifest = root.join("Cargo.toml");
        let manifest = std::path::absolute(&manifest).unwrap_or(manifest);
        let metadata =
            MetadataCommand::new().manifest_path(&manifest).no_deps().exec().map_err(|error| match error {
                // The message of cargo, without the prefix of cargo_metadata.
                cargo_metadata::Error::CargoMetadata { stderr } => CommandError::Failed(stderr.trim_end().to_owned()),
                error => CommandError::from_error(&error),
            })?;
        Self::of_metadata(&metadata, &manifest)
    }

    fn of_metadata(metadata: &Metadata, manifest: &Path) -> Result<Self, CommandError> {
        let no_package = || {
            let manifest = printable(manifest);
            CommandError::Failed(format!("{manifest} has no [package]: expected the folder of a package; change to it"))
        };
        let package = metadata
            .packages
            .iter()
            .find(|package| is_same_file(package.manifest_path.as_std_path(), manifest))
            .ok_or_else(no_package)?;
        let (target, is_library) = root_target(package).ok_or_else(|| {
            CommandError::Failed(format!("the package {} has no target: expected a library or a program", package.name))
        })?;
        let root_file = target.src_path.clone().into_std_path_buf();
        let targets = package.targets.iter().filter(|target| is_library_target(target) || target.is_bin());
        let root_files = targets.map(|target| target.src_path.clone().into_std_path_buf());
        let root_files = root_files.filter(|file| file.parent() == root_file.parent()).collect();
        let runtime = runtime(package);
        Ok(Self {
            runtime: runtime.map(crate_name),
            features: runtime.map(|dependency| dependency.features.clone()).unwrap_or_default(),
            root_file,
            target: metadata.target_directory.clone().into_std_path_buf(),
            is_library,
            root_files,
        })
    }

    /// Returns the folder of the module `api`: `src/api`, unless the manifest moves the root file.
    pub(crate) fn api(&self) -> PathBuf {
        self.root_file.with_file_name("api")
    }

    /// Returns whether a root file declares the module `api`.
    pub(crate) fn declares_api(&self) -> bool {
        self.root_files.iter().any(|path| fs::read_to_string(path).is_ok_and(|text| declares_api(&text)))
    }
}

/// Returns the dependency on the runtime.
fn runtime(package: &CargoPackage) -> Option<&Dependency> {
    let normal = || package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    RUNTIMES.iter().find_map(|name| normal().find(|dependency| dependency.name == *name))
}

/// Returns the crate name of a dependency.
fn crate_name(dependency: &Dependency) -> String {
    dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_")
}

/// Returns the target with the module `api`, and whether the target is a library.
fn root_target(package: &CargoPackage) -> Option<(&Target, bool)> {
    let programs = || package.targets.iter().filter(|target| target.is_bin());
    if let Some(library) = package.targets.iter().find(|target| is_library_target(target)) {
        return Some((library, true));
    }
    let main = programs().find(|target| target.src_path.file_name() == Some("main.rs"));
    main.or_else(|| programs().next()).map(|program| (program, false))
}

fn is_library_target(target: &Target) -> bool {
    use TargetKind::{CDyLib, DyLib, Lib, RLib, StaticLib};
    target.kind.iter().any(|kind| matches!(kind, CDyLib | DyLib | Lib | RLib | StaticLib))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Returns whether the text of a root file declares `mod api;`.
fn declares_api(text: &str) -> bool {
    let is_api = |item: &Item| matches!(item, Item::Mod(ItemMod { ident, content: None, .. }) if ident == "api");
    syn::parse_file(text).is_ok_and(|file| file.items.iter().any(is_api))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_declarations_of_the_module() {
        for text in
            ["mod api;", "pub(crate) mod api;", "#[rustfmt::skip]\npub mod api;\nfn main() {}", "#![a]\nmod  api ;"]
        {
            assert!(declares_api(text), "{text}");
        }
        for text in [
            "",
            "// mod api;",
            "mod api {}",
            "mod apis;",
            "mod a { mod api; }",
            "const A: &str = \"\nmod api;\n\";",
            "mod api; {",
        ] {
            assert!(!declares_api(text), "{text}");
        }
    }

    /// Reads a package with a manifest and empty files.
    fn package(manifest: &str, files: &[&str]) -> Result<Package, CommandError> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        Package::read(folder.path())
    }

    #[test]
    fn finds_the_runtime_among_the_dependencies() {
        let sdk = "[package]\nname = \"a\"\n";
        for (dependencies, expected) in [
            ("", None),
            ("[dependencies]\ngenerated-sdk = \"1\"", Some("generated_sdk")),
            ("[dependencies]\nsdk = { package = \"generated-sdk\", version = \"1\" }", Some("sdk")),
            ("[dependencies.the-sdk]\npackage = \"generated-sdk\"\npath = \"nowhere\"", Some("the_sdk")),
            ("[dependencies.top-client]\nversion = \"1\"", Some("top_client")),
            ("[dependencies]\ntop-client = \"1\"\ngenerated-sdk = \"1\"", Some("generated_sdk")),
            ("[target.'cfg(unix)'.dependencies]\ntop-client = \"1\"", Some("top_client")),
            (
                "[dependencies]\nsdk.workspace = true\n[workspace.dependencies]\nsdk = { package = \"generated-sdk\", version = \"1\" }",
                Some("sdk"),
            ),
            ("[dev-dependencies]\ngenerated-sdk = \"1\"\n[build-dependencies]\ntop-client = \"1\"", None),
            ("[dependencies]\ngenerated-sdk = { package = \"other\", version = \"1\" }", None),
            ("# [dependencies]\n# generated-sdk = \"1\"", None),
        ] {
            let package = package(&format!("{sdk}{dependencies}\n"), &["src/lib.rs"]).unwrap();
            assert_eq!(package.runtime.as_deref(), expected, "{dependencies}");
        }
    }

    #[test]
    fn finds_the_features_of_the_runtime() {
        for (dependencies, expected) in [
            ("", &[][..]),
            ("top-client = \"1\"", &[]),
            ("top-client = { version = \"1\", features = [\"redis\", \"messages\"] }", &["redis", "messages"]),
            // generated-sdk is the runtime.
            ("top-client = { version = \"1\", features = [\"messages\"] }\ngenerated-sdk = \"1\"", &[]),
        ] {
            let manifest = format!("[package]\nname = \"a\"\n[dependencies]\n{dependencies}\n");
            assert_eq!(package(&manifest, &["src/lib.rs"]).unwrap().features, expected, "{dependencies}");
        }
    }

    #[test]
    fn selects_the_root_file_by_target() {
        let manifest = "[package]\nname = \"a\"\n";
        for (more, files, root, is_library) in [
            ("", &["src/lib.rs"][..], "src/lib.rs", true),
            ("", &["src/main.rs"], "src/main.rs", false),
            ("", &["src/main.rs", "src/lib.rs"], "src/lib.rs", true),
            ("", &["src/bin/b.rs", "src/main.rs"], "src/main.rs", false),
            ("[lib]\npath = \"code/root.rs\"\n", &["code/root.rs"], "code/root.rs", true),
            ("[lib]\ncrate-type = [\"cdylib\"]\n", &["src/lib.rs"], "src/lib.rs", true),
        ] {
            let package = package(&format!("{manifest}{more}"), files).unwrap();
            assert!(package.root_file.ends_with(root), "{:?}", package.root_file);
            assert_eq!(package.is_library, is_library, "{root}");
            assert_eq!(package.api(), package.root_file.parent().unwrap().join("api"));
        }
    }

    #[test]
    fn refuses_manifests_without_a_package() {
        let failed = |manifest| match package(manifest, &[]) {
            Err(CommandError::Failed(problem)) => problem,
            _ => panic!("{manifest}"),
        };
        assert!(failed("[workspace]\n").contains("has no [package]: expected the folder of a package"));
        assert!(failed("[package\n").contains("Cargo.toml:1"), "{}", failed("[package\n"));
        assert!(failed("[package]\nname = \"a\"\n").contains("no targets specified"));
    }
}
