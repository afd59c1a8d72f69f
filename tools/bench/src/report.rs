//! The table, and its rows as JSON.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::measure::{Case, Measurement};

/// A case and what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) ours: f64,
    pub(crate) floor: f64,
    pub(crate) unit: String,
    pub(crate) ratio: f64,
    pub(crate) target: f64,
    pub(crate) met: bool,
}

/// Returns the head of the table.
pub(crate) fn head(unit: &str) -> String {
    format!("{:40} {:>11} {:>11} {:>7} {:>7}", "task", format!("ours ({unit})"), "floor", "ratio", "target")
}

impl Row {
    pub(crate) fn new(case: &Case, unit: &str, measured: &Measurement) -> Self {
        Self {
            name: case.name.to_owned(),
            ours: measured.ours,
            floor: measured.floor,
            unit: unit.to_owned(),
            ratio: measured.ratio,
            target: case.target,
            met: measured.ratio <= case.target,
        }
    }

    /// Formats the row, with the change since an earlier run if the row is in it.
    pub(crate) fn line(&self, earlier: Option<&[Self]>) -> String {
        let Self { name, ours, floor, ratio, target, .. } = self;
        let met = if self.met { "met" } else { "not met" };
        let before = earlier.into_iter().flatten().find(|row| row.name == *name && row.unit == self.unit);
        let change = before.map_or_else(String::new, |before| format!("  before {:.2}", before.ratio));
        format!("{name:40} {ours:11.0} {floor:11.0} {ratio:7.2} {target:7.2}  {met}{change}")
    }
}

/// Reads the rows of an earlier run.
pub(crate) fn read(file: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(serde_json::from_str(&text).map_err(|error| format!("{} has no rows of --json: {error}", file.display()))?)
}

/// Writes the rows.
pub(crate) fn write(file: &Path, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let text = serde_json::to_string_pretty(rows)?;
    Ok(fs::write(file, text + "\n").map_err(|error| format!("cannot write {}: {error}", file.display()))?)
}
