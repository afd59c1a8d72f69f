//! Writes the template of the spec of a method or a topic.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::context::Context;
use super::error::CommandError;
use super::print::line;
use crate::files::printable;
use crate::{import, render, spec};

/// Writes `CATEGORY/METHOD.yaml` or `messages/TOPIC.yaml`. The default category is a word of the method's name. A file that
/// exists is not changed.
///
/// # Errors
///
/// If a name is invalid, the method or topic has a spec, or the file cannot be written.
pub fn new(context: &Context, name: &str, category: Option<&str>) -> Result<(), CommandError> {
    if spec::is_method_name(name) {
        return new_method(context, name, category);
    }
    if !spec::is_topic_name(name) {
        return Err(CommandError::usage(format!(
            "invalid name {name:?}: expected a method such as taobao.trade.close, or a topic such as taobao_trade_TradeSuccess"
        )));
    }
    if category.is_some() {
        return Err(CommandError::usage("a topic has no category: omit --category"));
    }
    let folder = context.specs.join(spec::MESSAGES);
    write(context, &folder, name, &render::topic_skeleton(name)?)
}

fn new_method(context: &Context, method: &str, category: Option<&str>) -> Result<(), CommandError> {
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
    write(context, &context.specs.join(&category), method, &render::skeleton(method)?)
}

/// Writes `folder/NAME.yaml`.
fn write(context: &Context, folder: &Path, name: &str, text: &str) -> Result<(), CommandError> {
    let path = folder.join(format!("{name}.yaml"));
    let at = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => CommandError::failed(format!("{} already exists", printable(&path))),
        _ => CommandError::failed(format!("cannot write {}: {error}", printable(&path))),
    };
    fs::create_dir_all(folder).map_err(at)?;
    let mut file = fs::File::create_new(&path).map_err(at)?;
    file.write_all(text.as_bytes()).map_err(at)?;
    line(format_args!("{}: fill it in, then run: {} gen", printable(&path), context.program));
    Ok(())
}
