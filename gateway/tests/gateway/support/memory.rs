//! The peak memory of a test, measured in its own process.

use std::fs;
use std::process::Command;

/// Marks the start of a measurement.
pub(crate) fn start() {
    println!("before={}", peak());
}

/// Marks the end of a measurement.
pub(crate) fn stop() {
    println!("after={}", peak());
}

/// Runs an ignored test of this program in its own process. Returns the growth of its peak memory between the marks in
/// bytes.
pub(crate) fn growth(test: &str) -> u64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", test, "--ignored", "--nocapture"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let mark = |name: &str| -> u64 {
        let (_, rest) = text.split_once(name).unwrap();
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    mark("after=") - mark("before=")
}

/// Returns the peak memory of this process in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
