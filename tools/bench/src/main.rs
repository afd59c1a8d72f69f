//! `cargo xtask bench`: compares the cost of the runtime with a lower bound for each task, its floor.
//!
//! A case runs a task and its floor alternately in one process, and reports the ratio: times alone differ between machines
//! and moments.

mod cases;
mod floor;
mod instructions;
mod measure;
mod report;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;

use report::Row;

/// The command line.
#[derive(Default)]
struct Options {
    names: Vec<String>,
    quick: bool,
    update: bool,
    json: Option<PathBuf>,
    compare: Option<PathBuf>,
    /// Run the cases under valgrind, which counts.
    run: bool,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\nTry: cargo xtask help bench");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("quick") => options.quick = true,
            Long("update") => options.update = true,
            Long("json") => options.json = Some(arguments.value()?.into()),
            Long("compare") => options.compare = Some(arguments.value()?.into()),
            Long("run") => options.run = true,
            Value(name) => options.names.push(name.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if options.update && !options.quick {
        return Err("--update needs --quick".into());
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let Options { names, quick, .. } = options;
    let mut cases = cases::computing()?;
    if !quick && !options.run {
        cases.extend(cases::waiting()?);
    }
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name.contains(name.as_str())));
    if cases.is_empty() {
        return Err(format!("no case has a name that contains {}", names.join(" or ")).into());
    }
    if options.run {
        instructions::run(cases);
        return Ok(());
    }
    let earlier = options.compare.as_deref().map(report::read).transpose()?;
    let (unit, counted) =
        if *quick { ("instructions", instructions::count(&cases, names)?) } else { ("ns", Vec::new()) };
    let mut counted = counted.into_iter();
    let mut rows = Vec::new();
    println!("{}", report::head(unit));
    for case in &mut cases {
        let measured = counted.next().unwrap_or_else(|| measure::time(case, ROUNDS));
        let row = Row::new(case, unit, &measured);
        println!("{}", row.line(earlier.as_deref()));
        rows.push(row);
    }
    if let Some(file) = &options.json {
        report::write(file, &rows)?;
    }
    if *quick { instructions::compare(&rows, options.update, names.is_empty()) } else { Ok(()) }
}

/// The number of measurements of each case, of which the median is reported.
const ROUNDS: usize = 151;
