//! The Rust paths that generated code names.

use crate::output::Generator;

/// Where generated code finds the runtime, and how its examples name the crate that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paths {
    /// The module that has the runtime's types and macros. Generated code names no other path outside its own method.
    pub runtime: String,
    /// The crate that has the client and the protocol, as examples name it.
    pub client: String,
    /// The module that has the categories, as examples name it.
    pub api: String,
    /// What writes the code, as the banner of each file names it.
    pub generator: Generator,
}

impl Paths {
    /// The paths of `generated-sdk` in this project.
    pub fn of_generated_sdk() -> Self {
        Self {
            runtime: "top_protocol::generated".to_owned(),
            client: "generated_sdk".to_owned(),
            api: "generated_sdk::api".to_owned(),
            generator: Generator::Xtask,
        }
    }

    /// The paths of a package called `name` that depends on the client's crate alone.
    pub fn of_package(name: &str) -> Self {
        Self::of_runtime(name, "top_client")
    }

    /// The paths of a package called `name` that calls the crate with the client `client`: `top_client`, `generated_sdk`, or
    /// what the dependency is renamed to.
    pub fn of_runtime(name: &str, client: &str) -> Self {
        Self {
            runtime: format!("{client}::generated"),
            client: client.to_owned(),
            api: format!("{}::api", name.replace('-', "_")),
            generator: Generator::Builder,
        }
    }
}
