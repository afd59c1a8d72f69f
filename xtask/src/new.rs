//! `cargo xtask new`: a spec to fill in.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use codegen::files::printable;
use lexopt::prelude::*;

use crate::failure::Failure;
use crate::{root, tell};

pub(crate) const HELP: &str = "\
Write a spec to fill in from the platform's page.

Usage: cargo xtask new METHOD [--category NAME]

The spec is specs/CATEGORY/METHOD.yaml. A file that exists is never touched.

Options:
  --category NAME  The folder; without it, the word of the method's name that says what it is about:
                   trade for taobao.trade.close
  -h, --help       Say this";

pub(crate) fn command(mut arguments: lexopt::Parser) -> Result<(), Failure> {
    let (mut method, mut category) = (None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("category") => category = Some(arguments.value()?.string()?),
            Short('h') | Long("help") => {
                tell::line(HELP);
                return Ok(());
            }
            Value(value) if method.is_none() => method = Some(value.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let method =
        method.ok_or_else(|| Failure::usage("which method? For example: cargo xtask new taobao.trade.close"))?;
    if !codegen::spec::is_method_name(&method) {
        return Err(Failure::usage(format!("{method:?} is no method name, as taobao.trade.close is one")));
    }
    let category = category.unwrap_or_else(|| codegen::import::guessed_category(&method));
    if !codegen::spec::is_category(&category) {
        return Err(Failure::usage(format!("{category:?} is no category; name one with --category")));
    }
    let specs = root()?.join("specs");
    let there =
        fs::read_dir(&specs).into_iter().flatten().flatten().map(|entry| entry.path().join(format!("{method}.yaml")));
    if let Some(path) = there.into_iter().find(|path| path.exists()) {
        return Err(Failure::new(format!("{} is there already", printable(&path))));
    }
    let folder = specs.join(&category);
    let path = folder.join(format!("{method}.yaml"));
    let skeleton = codegen::render::skeleton(&method).map_err(crate::generate::problems)?;
    write(&folder, &path, &skeleton)?;
    tell::line(format_args!("{}: fill it in, then run: cargo xtask gen", printable(&path)));
    Ok(())
}

fn write(folder: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    let at = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(format!("{} is there already", printable(path))),
        _ => Failure::new(format!("{}: {error}", printable(path))),
    };
    fs::create_dir_all(folder).map_err(at)?;
    let mut file = fs::File::create_new(path).map_err(at)?;
    file.write_all(text.as_bytes()).map_err(at)
}
