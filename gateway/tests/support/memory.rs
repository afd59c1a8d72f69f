//! How much memory a test takes, which is told by a process that does nothing else.

use std::fs;
use std::process::Command;

/// Marks the memory that the process has had so far as what does not count.
pub(crate) fn from_here() {
    println!("before={}", peak());
}

/// Marks the end of what counts.
pub(crate) fn to_here() {
    println!("after={}", peak());
}

/// Runs an ignored test of this program in a process of its own, and returns how many bytes its memory grew by at the
/// most between the two marks.
pub(crate) fn grown(test: &str) -> u64 {
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

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
