//! The windows of a text that an index for search has entries for.

/// Returns the windows over `text`, in UTF-16 code units as in the official SDKs.
///
/// A window is `size` wide, where ASCII counts 1 and everything else 2.
pub(super) fn windows(text: &str, size: usize) -> Vec<String> {
    /// The width that the official SDKs give to a window that was extended by a narrow character.
    const EXTENDED: usize = 5;
    let units: Vec<u16> = text.encode_utf16().collect();
    let width = |unit: u16| if unit < 128 { 1 } else { 2 };
    let (mut windows, mut start, mut end, mut current) = (Vec::new(), 0, 0, 0_usize);
    loop {
        let first = if end == 0 { None } else { units.get(start).filter(|_| start < end) };
        let starts_narrow = first.is_some_and(|first| *first < 128);
        let next = units.get(end);
        if next.is_none() && (current <= size || !starts_narrow) {
            return windows;
        }
        match next {
            Some(next) if current == size && !starts_narrow && *next < 128 => {
                end += 1;
                current = EXTENDED;
            }
            _ => {
                if end > 0 {
                    current = current.saturating_sub(if starts_narrow { 1 } else { 2 });
                    start += 1;
                }
                while let Some(unit) = units.get(end).filter(|_| current < size) {
                    current += width(*unit);
                    end += 1;
                }
            }
        }
        if start >= end {
            return windows;
        }
        windows.push(encoded(&units[start..end]));
    }
}

/// The text of a window. Half of a surrogate pair becomes `?`, as in Java.
fn encoded(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or('?')).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::windows;

    #[test]
    fn published_windows() {
        for (text, expected) in [
            ("taobaoTEST", &["taob", "aoba", "obao", "baoT", "aoTE", "oTES", "TEST"][..]),
            ("淘宝test旺旺", &["淘宝", "淘宝t", "宝te", "宝tes", "test", "est旺", "st旺", "t旺旺", "旺旺"]),
            ("中文字符a", &["中文", "文字", "字符", "字符a"]),
            ("abc", &["abc"]),
            ("", &[]),
        ] {
            assert_eq!(windows(text, 4), expected, "{text}");
        }
    }

    #[test]
    fn half_a_surrogate_pair() {
        assert_eq!(windows("a😀", 2), ["a?", "?", "?"]);
        assert_eq!(windows("😀", 4), ["😀"]);
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC{0,12}|[a中😀]{0,12}", size in 1_usize..9) {
            let windows = windows(&text, size);
            prop_assert_eq!(windows.is_empty(), text.is_empty());
            prop_assert!(windows.len() <= 2 * text.encode_utf16().count());
        }
    }
}
