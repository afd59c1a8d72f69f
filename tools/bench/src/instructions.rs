//! Instruction counts. They hardly differ between runs, so that a small regression is visible on a busy machine.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::measure::{Case, Measurement, Task};
use crate::report::Row;

/// The committed ratios of instructions.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.json");

/// How far a ratio may be above the committed one.
const TOLERANCE: f64 = 1.05;

/// How often each task runs while instructions are counted.
const RUNS: u32 = 10;

/// Counts the instructions of the cases with valgrind, in the order of the cases.
pub(crate) fn count(cases: &[Case], names: &[String]) -> Result<Vec<Measurement>, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let folder = program.with_extension("callgrind");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind"]);
    // Writes a numbered file after each call of `counted`, with the instructions of that call.
    valgrind.args(["--toggle-collect=bench::instructions::counted", "--dump-after=bench::instructions::counted"]);
    valgrind.arg(format!("--callgrind-out-file={}", folder.join("out").display()));
    let output = valgrind.arg(&program).arg("--run").args(names).output();
    let output = output.map_err(|error| format!("cannot run valgrind: {error}; install it"))?;
    if !output.status.success() {
        return Err(format!("valgrind failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let read = |number: usize| -> Result<f64, Box<dyn Error>> {
        let text = fs::read_to_string(folder.join(format!("out.{number}")))?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
        Ok(total.ok_or("valgrind wrote a file without totals")?.trim().parse::<f64>()? / f64::from(RUNS))
    };
    let measurement = |index: usize| -> Result<Measurement, Box<dyn Error>> {
        let (ours, floor) = (read(2 * index + 1)?, read(2 * index + 2)?);
        Ok(Measurement { ours, floor, ratio: ours / floor })
    };
    let measured = (0..cases.len()).map(measurement).collect::<Result<_, _>>()?;
    fs::remove_dir_all(&folder)?;
    Ok(measured)
}

/// Runs the tasks of the cases in this process, which valgrind observes.
pub(crate) fn run(cases: Vec<Case>) {
    for Case { mut ours, mut floor, .. } in cases {
        for task in [&mut ours, &mut floor] {
            // The first run fills caches and reserves memory.
            task();
            counted(task);
        }
    }
}

/// The function that valgrind finds by its name.
#[inline(never)]
fn counted(task: &mut Task) {
    for _ in 0..RUNS {
        task();
    }
}

/// Compares ratios with the committed ones, or writes them. `all` says whether every case was measured.
pub(crate) fn compare(rows: &[Row], update: bool, all: bool) -> Result<(), Box<dyn Error>> {
    let measured: BTreeMap<String, f64> =
        rows.iter().map(|row| (row.name.clone(), (row.ratio * 1000.0).round() / 1000.0)).collect();
    let committed = || -> Result<BTreeMap<String, f64>, Box<dyn Error>> {
        Ok(serde_json::from_str(&fs::read_to_string(Path::new(FILE))?)?)
    };
    if update {
        let mut ratios = if all { BTreeMap::new() } else { committed()? };
        ratios.extend(measured);
        fs::write(FILE, serde_json::to_string_pretty(&ratios)? + "\n")?;
        return Ok(());
    }
    let findings = regressions(&measured, &committed()?);
    if findings.is_empty() {
        return Ok(());
    }
    let help = "remove the regression; if it is intended, run `cargo xtask bench --quick --update` and commit \
                tools/bench/instructions.json with the reason";
    Err(format!("{}\n{help}", findings.join("\n")).into())
}

/// Describes each ratio that is too high or that has no committed ratio.
fn regressions(measured: &BTreeMap<String, f64>, committed: &BTreeMap<String, f64>) -> Vec<String> {
    let finding = |(name, ratio): (&String, &f64)| match committed.get(name) {
        None => Some(format!("{name}: no committed ratio of instructions")),
        Some(expected) if *ratio > expected * TOLERANCE => Some(format!(
            "{name}: {ratio:.3} times the instructions of the floor, expected {expected:.3} and at most 5 % more"
        )),
        Some(_) => None,
    };
    measured.iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_regressions_over_five_percent() {
        let ratios = |ratios: &[(&str, f64)]| ratios.iter().map(|(name, ratio)| ((*name).to_owned(), *ratio)).collect();
        let committed = ratios(&[("a", 1.0), ("b", 2.0)]);
        assert_eq!(regressions(&ratios(&[("a", 1.05), ("b", 1.0)]), &committed), Vec::<String>::new());
        assert_eq!(
            regressions(&ratios(&[("a", 1.06), ("c", 1.0)]), &committed),
            [
                "a: 1.060 times the instructions of the floor, expected 1.000 and at most 5 % more",
                "c: no committed ratio of instructions"
            ]
        );
    }
}
