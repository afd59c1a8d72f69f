//! A parameter that a refusal echoes.

use crate::record::record;

/// A parameter that a refusal echoes. Its value may be a secret and is not printed.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Argument {
    /// The name of the parameter.
    pub key: Option<String>,
    /// The value that the gateway received.
    pub value: Option<String>,
}

record! {
    mut Argument {
        0 => key: Text("key", String);
        1 => value: Text("value", String, secret);
    }
}
