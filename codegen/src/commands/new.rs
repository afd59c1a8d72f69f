//! Writes the template of a spec.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use super::print::line;
use crate::files::printable;
use crate::{import, render, spec};

/// Writes `CATEGORY/METHOD.yaml`. The default category is a word of the method's name. A file that exists is not changed.
///
/// # Errors
///
/// If a name is invalid, the method has a spec, or the file cannot be written.
pub fn new(context: &Context, method: &str, category: Option<&str>) -> Result<(), CommandError> {
    if !spec::is_method_name(method) {
        return Err(CommandError::usage(format!(
            "invalid method name {method:?}: expected a name such as taobao.trade.close"
        )));
    }
    let category = category.map_or_else(|| import::derived_category(method), str::to_owned);
    if !spec::is_category(&category) {
        return Err(CommandError::usage(format!(
            "invalid category {category:?}: expected lower-case letters and digits; choose one with --category"
        )));
    }
    let categories = fs::read_dir(&context.specs).into_iter().flatten().flatten();
    let existing = categories.map(|entry| entry.path().join(format!("{method}.yaml"))).find(|path| path.exists());
    if let Some(path) = existing {
        return Err(CommandError::failed(format!("{} already exists", printable(&path))));
    }
    let folder = context.specs.join(&category);
    let path = folder.join(format!("{method}.yaml"));
    write(&folder, &path, &render::skeleton(method)?)?;
    line(format_args!("{}: fill it in, then run: {} gen", printable(&path), context.program));
    Ok(())
}

fn write(folder: &Path, path: &Path, text: &str) -> Result<(), CommandError> {
    let at = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => CommandError::failed(format!("{} already exists", printable(path))),
        _ => CommandError::failed(format!("cannot write {}: {error}", printable(path))),
    };
    fs::create_dir_all(folder).map_err(at)?;
    let mut file = fs::File::create_new(path).map_err(at)?;
    file.write_all(text.as_bytes()).map_err(at)
}
