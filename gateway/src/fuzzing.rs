//! The parameters of a request, for comparison in fuzz targets.

use std::collections::BTreeMap;

use crate::request::Request;

#[doc(hidden)]
impl Request<'_> {
    /// Returns the text parameters by name. `None` if the request is invalid.
    pub fn texts(&self) -> Option<BTreeMap<String, String>> {
        let texts = self.parameters().ok()?.texts;
        Some(texts.into_iter().map(|(name, text)| (name.into_owned(), text.into_owned())).collect())
    }

    /// Returns the lengths of the files by name. `None` if the request is invalid.
    pub fn file_lengths(&self) -> Option<BTreeMap<String, Vec<usize>>> {
        let files = self.parameters().ok()?.files;
        let lengths = |files: Vec<&[u8]>| files.into_iter().map(<[u8]>::len).collect();
        Some(files.into_iter().map(|(name, files)| (name.into_owned(), lengths(files))).collect())
    }
}
