//! Sample programs that make a call, with the standard library of each language.

use askama::Template;
use top_protocol::VERSION;

/// A call of a method.
#[derive(Debug)]
pub(super) struct SampleCall {
    pub(super) url: String,
    pub(super) app_key: String,
    pub(super) session: Option<String>,
    pub(super) method: String,
    /// `json` or `xml`.
    pub(super) format: &'static str,
    pub(super) simplify: bool,
    /// The parameters of the method.
    pub(super) parameters: Vec<(String, String)>,
}

macro_rules! samples {
    ($($name:ident $path:literal $language:literal;)*) => {
        $(
            #[derive(Template)]
            #[template(path = $path, escape = "none")]
            struct $name<'a> {
                call: &'a SampleCall,
            }
        )*

        /// Returns the names of the languages, and a program in each.
        pub(super) fn programs(call: &SampleCall) -> askama::Result<Vec<(&'static str, String)>> {
            Ok(vec![$(($language, $name { call }.render()?),)*])
        }
    };
}

samples! {
    Rust "samples/rust.txt" "Rust";
    Java "samples/java.txt" "Java";
    Php "samples/php.txt" "PHP";
    Python "samples/python.txt" "Python";
    Node "samples/node.txt" "Node";
    Go "samples/go.txt" "Go";
}

impl SampleCall {
    /// Returns the parameters with the public ones, without timestamp and signature.
    fn all(&self) -> Vec<(String, String)> {
        let public = [
            ("method", self.method.as_str()),
            ("app_key", &self.app_key),
            ("v", VERSION),
            ("format", self.format),
            ("sign_method", "hmac-sha256"),
        ];
        let simplify = self.simplify.then_some(("simplify", "true"));
        let session = self.session.as_deref().map(|session| ("session", session));
        let public = public.into_iter().chain(simplify).chain(session);
        let public = public.map(|(name, value)| (name.to_owned(), value.to_owned()));
        public.chain(self.parameters.iter().cloned()).collect()
    }
}

/// The string literals of the languages.
#[allow(unreachable_pub, reason = "the macro of askama makes its filters public")]
mod filters {
    use askama::{Result, Values};

    /// Java, JavaScript, Python and Go share the escapes of JSON.
    #[askama::filter_fn]
    pub(super) fn quoted<T: ToString>(text: T, _: &dyn Values) -> Result<String> {
        serde_json::to_string(&text.to_string()).map_err(askama::Error::custom)
    }

    #[askama::filter_fn]
    pub(super) fn rust<T: ToString>(text: T, _: &dyn Values) -> Result<String> {
        Ok(format!("{:?}", text.to_string()))
    }

    #[askama::filter_fn]
    pub(super) fn php<T: ToString>(text: T, _: &dyn Values) -> Result<String> {
        Ok(format!("'{}'", text.to_string().replace('\\', "\\\\").replace('\'', "\\'")))
    }
}
