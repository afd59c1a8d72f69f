//! Dates and times of the platform: civil time at GMT+8 (docs/protocol.md sections 1.4 and 3).

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{self, TimeZone};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// 1970-01-01 00:00:00 UTC.
const EPOCH: civil::DateTime = civil::DateTime::constant(1970, 1, 1, 8, 0, 0, 0);

/// A date and time at GMT+8, to the second.
///
/// The time zone of the machine does not matter. The text form, with serde too, is `yyyy-MM-dd HH:mm:ss`, as on the wire.
///
/// ```
/// use generated_sdk::DateTime;
/// use std::time::{Duration, SystemTime};
///
/// let noon: DateTime = "2016-01-01 12:00:00".parse()?;
/// assert_eq!(noon.to_system_time(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_451_620_800));
/// assert_eq!(noon.to_string(), "2016-01-01 12:00:00");
/// # Ok::<(), generated_sdk::protocol::InvalidDateTime>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(civil::DateTime);

impl DateTime {
    /// Returns the current time at GMT+8.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// Creates a time from milliseconds since 1970-01-01 00:00:00 UTC, rounded down to seconds.
    ///
    /// Returns `None` outside the years -9999 to 9999.
    pub fn from_epoch_milliseconds(milliseconds: i64) -> Option<Self> {
        let timestamp = Timestamp::from_second(milliseconds.div_euclid(1000)).ok()?;
        Some(Self(gmt8().to_datetime(timestamp)))
    }

    /// Parses the common forms of other programs, rounded down to seconds.
    ///
    /// Examples: `2016-01-01 12:00:00.0`, `2016-01-01T12:00:00`, `2016-01-01T12:00:00.000+08:00`, `2016-01-01T04:00:00Z`.
    pub(crate) fn parse_lenient(text: &str) -> Option<Self> {
        if let Ok(date) = text.parse() {
            return Some(date);
        }
        let (date, rest) = text.split_at_checked(19)?;
        let mut normalized = date.to_owned();
        if date.as_bytes().get(10) == Some(&b'T') {
            normalized.replace_range(10..11, " ");
        }
        let civil: Self = normalized.parse().ok()?;
        let zone = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
            None => rest,
        };
        match zone {
            "" => Some(civil),
            _ if normalized == date => None,
            _ => text.parse().ok().map(|timestamp: Timestamp| Self(truncated(gmt8().to_datetime(timestamp)))),
        }
    }

    /// Converts to the system time.
    pub fn to_system_time(self) -> SystemTime {
        let seconds = self.0.duration_since(EPOCH).as_secs();
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
    }

    /// Converts to milliseconds since 1970-01-01 00:00:00 UTC.
    pub(crate) fn to_epoch_milliseconds(self) -> i64 {
        self.0.duration_since(EPOCH).as_secs() * 1000
    }

    /// Returns the year, the month (1 to 12) and the day of the month (1 to 31).
    pub fn date(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// Returns the hour (0 to 23), the minute and the second.
    pub fn time(self) -> (i8, i8, i8) {
        (self.0.hour(), self.0.minute(), self.0.second())
    }
}

fn truncated(civil: civil::DateTime) -> civil::DateTime {
    civil.with().subsec_nanosecond(0).build().unwrap_or(civil)
}

/// Returns the time zone of the platform, which has no daylight saving time.
fn gmt8() -> TimeZone {
    TimeZone::fixed(tz::offset(8))
}

/// Parses the date of an HTTP header, such as `Wed, 21 Oct 2015 07:28:00 GMT`.
pub fn http_date(text: &str) -> Option<SystemTime> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(SystemTime::from)
}

impl From<SystemTime> for DateTime {
    /// Rounds down to seconds. Clamps to the years -9999 to 9999.
    fn from(time: SystemTime) -> Self {
        let timestamp =
            Timestamp::try_from(time).unwrap_or(if time < UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX });
        Self(truncated(gmt8().to_datetime(timestamp)))
    }
}

impl FromStr for DateTime {
    type Err = InvalidDateTime;

    /// Parses `yyyy-MM-dd HH:mm:ss`, or `yyyy-MM-dd` as midnight.
    fn from_str(text: &str) -> Result<Self, InvalidDateTime> {
        parse(text.as_bytes()).map(Self).ok_or(InvalidDateTime)
    }
}

/// [`DateTime::from_str`]. The parsers of jiff are slower, and accept signs, other spaces and leap seconds.
fn parse(text: &[u8]) -> Option<civil::DateTime> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, time @ ..] = text else {
        return None;
    };
    let (hour, minute, second) = match time {
        [] => (0, 0, 0),
        [b' ', h0, h1, b':', i0, i1, b':', s0, s1] => (number(*h0, *h1)?, number(*i0, *i1)?, number(*s0, *s1)?),
        _ => return None,
    };
    let year = i16::from(number(*y0, *y1)?) * 100 + i16::from(number(*y2, *y3)?);
    civil::DateTime::new(year, number(*m0, *m1)?, number(*d0, *d1)?, hour, minute, second, 0).ok()
}

/// Returns the number with two decimal digits.
#[inline(always)]
fn number(tens: u8, ones: u8) -> Option<i8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 { None } else { i8::try_from(tens * 10 + ones).ok() }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.time();
        let (Ok(century), Ok(year_of_century)) =
            (u8::try_from(year.div_euclid(100)), u8::try_from(year.rem_euclid(100)))
        else {
            // A negative year.
            return write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        };
        let mut text = *b"0000-00-00 00:00:00";
        let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(i8::unsigned_abs);
        for (at, number) in
            [(0, century), (2, year_of_century), (5, month), (8, day), (11, hour), (14, minute), (17, second)]
        {
            text[at] += number / 10;
            text[at + 1] += number % 10;
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    /// Reads the texts that a response may have, such as `2016-01-01 12:00:00` and `2016-01-01T12:00:00+08:00`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_lenient(&text).ok_or_else(|| D::Error::custom(InvalidDateTime))
    }
}

/// The error of a text that is not a date of the form `yyyy-MM-dd HH:mm:ss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDateTime;

impl fmt::Display for InvalidDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid date: expected yyyy-MM-dd HH:mm:ss, such as 2016-01-01 12:00:00")
    }
}

impl std::error::Error for InvalidDateTime {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_text_and_epoch_at_gmt8() {
        for (text, seconds) in [
            ("1970-01-01 08:00:00", 0),
            ("1970-01-01 00:00:00", -8 * 3600),
            ("2016-01-01 12:00:00", 1_451_620_800),
            ("2024-02-29 23:59:59", 1_709_222_399),
        ] {
            let date: DateTime = text.parse().unwrap();
            assert_eq!(date.to_string(), text);
            assert_eq!(DateTime::from_epoch_milliseconds(seconds * 1000), Some(date));
            assert_eq!(DateTime::from_epoch_milliseconds(seconds * 1000 + 999), Some(date));
            assert_eq!(DateTime::from(date.to_system_time()), date);
        }
    }

    #[test]
    fn rejects_other_texts() {
        assert_eq!("2016-01-01".parse::<DateTime>().unwrap().to_string(), "2016-01-01 00:00:00");
        for text in [
            "",
            "2016-13-01 00:00:00",
            "2016-01-01T12:00:00",
            "2016-01-01 12:00",
            "2016-02-30",
            "2016-1-1 1:2:3",
            "2016-01-0112:00:00",
            "2016-01-01  12:00:0",
            "2016-01-01\n12:00:00",
            "-016-01-01 12:00:00",
            "20:6-01-01 12:00:00",
            "2016-01-01 24:00:00",
            "2016-01-01 12:00:00 ",
            "2016-00-01",
            "２016-01-01",
            "2016-01-01 12:00:60",
            " 2016-01-01",
            "1451620800000",
        ] {
            assert_eq!(text.parse::<DateTime>(), Err(InvalidDateTime), "{text:?}");
        }
    }

    #[test]
    fn serde_writes_the_wire_text_and_reads_what_responses_have() {
        let noon: DateTime = "2016-01-01 12:00:00".parse().unwrap();
        assert_eq!(serde_json::to_string(&noon).unwrap(), r#""2016-01-01 12:00:00""#);
        for text in ["2016-01-01 12:00:00", "2016-01-01 12:00:00.0", "2016-01-01T04:00:00Z"] {
            assert_eq!(serde_json::from_value::<DateTime>(text.into()).unwrap(), noon, "{text}");
        }
        let error = serde_json::from_str::<DateTime>("\"tomorrow\"").unwrap_err();
        assert!(error.to_string().starts_with(&InvalidDateTime.to_string()), "{error}");
        assert!(serde_json::from_str::<DateTime>("1451620800000").is_err());
    }

    #[test]
    fn limits_of_the_calendar_do_not_panic() {
        assert_eq!(DateTime::from_epoch_milliseconds(i64::MAX), None);
        assert_eq!(DateTime::from_epoch_milliseconds(i64::MIN), None);
        let before = DateTime::from_epoch_milliseconds(-62_200_000_000_000).unwrap();
        assert_eq!(before.to_string(), "-002-12-17 22:13:20");
        let far = DateTime::from(UNIX_EPOCH + Duration::from_secs(1 << 50));
        assert_eq!(far.date().0, 9999);
        let last: DateTime = "9999-12-31 23:59:59".parse().unwrap();
        assert_eq!(last.to_system_time(), UNIX_EPOCH + Duration::from_secs(253_402_271_999));
        let first: DateTime = "0001-01-01 00:00:00".parse().unwrap();
        assert_eq!(first.to_system_time(), UNIX_EPOCH - Duration::from_secs(62_135_625_600));
    }
}
