//! Processor time of a task and of its floor: the least that the task costs.

use std::hint::black_box;
use std::time::Duration;

/// A task, run once per call.
pub(crate) type Task = Box<dyn FnMut()>;

/// A task and its floor.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The ratio to reach.
    pub(crate) target: f64,
    pub(crate) ours: Task,
    pub(crate) floor: Task,
}

impl Case {
    /// Creates a case. The results of the tasks are kept from the optimizer.
    pub(crate) fn new<A, B>(
        name: &'static str,
        target: f64,
        mut ours: impl FnMut() -> A + 'static,
        mut floor: impl FnMut() -> B + 'static,
    ) -> Self {
        Self {
            name,
            target,
            ours: Box::new(move || drop(black_box(ours()))),
            floor: Box::new(move || drop(black_box(floor()))),
        }
    }
}

/// What was measured of a case.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) ours: f64,
    pub(crate) floor: f64,
    /// The median of the ratios of rounds, which is steadier than the ratio of the medians.
    pub(crate) ratio: f64,
}

/// How long a batch of one task runs.
const BATCH: Duration = Duration::from_millis(2);

/// Measures the processor time of one run in nanoseconds. Each round runs a batch of the task and a batch of the floor, so that both see the
/// same machine.
pub(crate) fn time(case: &mut Case, rounds: usize) -> Measurement {
    let ours_runs = calibrated(&mut case.ours);
    let floor_runs = calibrated(&mut case.floor);
    let mut samples: Vec<(f64, f64)> = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let (ours, floor);
        if round % 2 == 0 {
            ours = batch(&mut case.ours, ours_runs);
            floor = batch(&mut case.floor, floor_runs);
        } else {
            floor = batch(&mut case.floor, floor_runs);
            ours = batch(&mut case.ours, ours_runs);
        }
        samples.push((ours, floor));
    }
    Measurement {
        ours: median(samples.iter().map(|(ours, _)| *ours)),
        floor: median(samples.iter().map(|(_, floor)| *floor)),
        ratio: median(samples.iter().map(|(ours, floor)| ours / floor)),
    }
}

/// Returns how many runs take as long as a batch.
fn calibrated(task: &mut Task) -> u32 {
    let mut runs = 1;
    loop {
        let start = processor_time();
        (0..runs).for_each(|_| task());
        if processor_time() - start >= BATCH || runs > 1 << 24 {
            return runs;
        }
        runs *= 2;
    }
}

/// Returns the nanoseconds per run.
fn batch(task: &mut Task, runs: u32) -> f64 {
    let start = processor_time();
    (0..runs).for_each(|_| task());
    (processor_time() - start).as_secs_f64() * 1e9 / f64::from(runs)
}

/// Returns the processor time that this thread has used. Other programs do not count.
#[cfg(unix)]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Returns the time since the first call: this system has no processor time of threads here.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// Returns the median, or 0 of nothing.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median(std::iter::empty()), 0.0);
    }
}
