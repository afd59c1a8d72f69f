//! Checks of the parameter `timestamp`.

use std::time::{Duration, SystemTime};

use top_protocol::DateTime;

use crate::excerpt::excerpt;
use crate::refusal::Refusal;

/// Checks a timestamp: a date and time at GMT+8, or milliseconds since 1970.
pub(crate) fn check(text: &str, now: SystemTime, tolerance_minutes: u32) -> Result<(), Refusal> {
    let invalid = |reason: String| Refusal::with_reason(31, "isv.invalid-timestamp", reason);
    let sent = match (text.parse::<DateTime>(), text.parse::<i64>()) {
        (Ok(date), _) if text.len() == "yyyy-MM-dd HH:mm:ss".len() => Some(date),
        (_, Ok(milliseconds)) => DateTime::from_epoch_milliseconds(milliseconds),
        _ => None,
    };
    let sent = sent.ok_or_else(|| {
        let expected = "expected yyyy-MM-dd HH:mm:ss at GMT+8, or milliseconds since 1970";
        invalid(format!("invalid timestamp {:?}: {expected}", excerpt(text)))
    })?;
    let ahead = seconds_between(now, sent.to_system_time());
    if ahead.unsigned_abs() <= 60 * u64::from(tolerance_minutes) {
        return Ok(());
    }
    let now = DateTime::from(now);
    let mut reason =
        format!("timestamp differs by more than {tolerance_minutes} minutes from the gateway's clock ({now} at GMT+8)");
    if let Some(zone) = local_zone(ahead) {
        reason += &format!("; it matches the local time at {zone}: send the time at GMT+8");
    }
    Err(invalid(reason))
}

/// Returns the seconds from `earlier` to `later`: negative if `later` is before `earlier`.
fn seconds_between(earlier: SystemTime, later: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match later.duration_since(earlier) {
        Ok(ahead) => seconds(ahead),
        Err(error) => -seconds(error.duration()),
    }
}

/// Returns the time zone whose local time is `seconds_ahead` of GMT+8.
fn local_zone(seconds_ahead: i64) -> Option<String> {
    const HALF_HOUR: i64 = 30 * 60;
    const TOLERANCE: i64 = 2 * 60;
    let offset = seconds_ahead.checked_add(16 * HALF_HOUR)?;
    let half_hours = (offset.checked_add(HALF_HOUR / 2)?).div_euclid(HALF_HOUR);
    let is_zone = (-24..=28).contains(&half_hours) && (offset - half_hours * HALF_HOUR).abs() <= TOLERANCE;
    let sign = if half_hours < 0 { '-' } else { '+' };
    let minutes = half_hours.unsigned_abs() * 30;
    is_zone.then(|| format!("GMT{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_local_zones_from_offsets() {
        const HOUR: i64 = 3600;
        for (ahead, expected) in [
            (-8 * HOUR, Some("GMT+00:00")),
            (-6 * HOUR + 119, Some("GMT+02:00")),
            (-6 * HOUR - 120, Some("GMT+02:00")),
            (-6 * HOUR - 121, None),
            (-15 * HOUR, Some("GMT-07:00")),
            (-5 * HOUR / 2, Some("GMT+05:30")),
            (HOUR, Some("GMT+09:00")),
            (6 * HOUR, Some("GMT+14:00")),
            (7 * HOUR, None),
            (-20 * HOUR, Some("GMT-12:00")),
            (-21 * HOUR, None),
            (15 * 60, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(local_zone(ahead).as_deref(), expected, "{ahead}");
        }
    }
}
