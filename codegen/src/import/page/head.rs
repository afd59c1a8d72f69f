//! The head of a page: the method, its title, its labels and its description.

use crate::import::document::Document;
use crate::import::vocabulary;
use crate::spec::{is_method_name, response_node};

/// Reads the lines before the first heading: the method, its title, labels and description.
///
/// A menu may name other methods: then the method is in a request sample (`sampled_methods`) or implies the root node that
/// the page states.
pub(super) fn head(lines: &[&str], sampled_methods: &[&str], document: &mut Document) -> Result<(), String> {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim().trim_start_matches(['#', '•', '*']).trim()).collect();
    let named: Vec<(usize, &str, &str)> = lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| method(line).map(|(name, after)| (index, name, after)))
        .collect();
    let is_described =
        |name: &str| sampled_methods.contains(&name) || document.node.as_deref() == Some(&response_node(name));
    let first = named
        .first()
        .ok_or("no method found: expected a line that begins with its name, such as taobao.trade.close")?;
    let several = named.iter().any(|(_, name, _)| *name != first.1);
    let (index, method, after) = match named.iter().rfind(|(_, name, _)| is_described(name)) {
        Some(described) if several => *described,
        _ if several => {
            let names: Vec<_> = named.iter().map(|(_, name, _)| *name).collect();
            return Err(format!("expected one method at the top of the page, found {}", names.join(", ")));
        }
        _ => *first,
    };
    document.method = method.to_owned();
    let (title, after) = title(after.trim());
    title.clone_into(&mut document.title);
    let mut lines = [after].into_iter().chain(lines[index + 1..].iter().copied()).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        if let Some((_, kind)) = line.split_once("授权类型") {
            let kind = kind.trim_matches([':', '：', ' ', '*', '|']);
            let kind = if kind.is_empty() { lines.next().unwrap_or_default() } else { kind };
            document.authorization =
                document.authorization.or_else(|| vocabulary::authorization(&format!("{kind}授权")));
        } else if is_labels(line) {
            let authorization = line.split_whitespace().chain([line]).find_map(vocabulary::authorization);
            document.authorization = document.authorization.or(authorization);
        } else if document.title.is_empty() {
            match bracketed(line) {
                Some((title, "")) => title.clone_into(&mut document.title),
                _ => line.clone_into(&mut document.title),
            }
        } else if !matches!(
            line,
            "描述" | "说明" | "接口说明" | "接口描述" | "API说明" | "API描述" | "功能描述" | "---" | "***"
        ) {
            document.description.push_str(line);
            document.description.push('\n');
        }
    }
    Ok(())
}

/// Returns the title after a method's name, and the rest.
fn title(text: &str) -> (&str, &str) {
    match bracketed(text) {
        Some((title, after))
            if after.is_empty() || after.starts_with(char::is_whitespace) || is_labels(after.trim()) =>
        {
            (title, after.trim())
        }
        _ if is_labels(text) => ("", text),
        _ => (text, ""),
    }
}

/// Returns the method at the beginning of a line or after a colon, and the rest of the line.
pub(super) fn method(line: &str) -> Option<(&str, &str)> {
    let named = |line: &'_ str| {
        let end = line.find(|character: char| character.is_whitespace() || "(（".contains(character));
        let name = &line[..end.unwrap_or(line.len())];
        (is_method_name(name) && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(name.len())
    };
    let after_colon = line.split_once([':', '：']).map(|(_, after_colon)| after_colon.trim_start());
    let (line, length) = named(line).map(|length| (line, length)).or_else(|| {
        let after_colon = after_colon?;
        named(after_colon).map(|length| (after_colon, length))
    })?;
    Some(line.split_at(length))
}

/// Returns the text in the brackets at the beginning of a text, and the rest. Brackets nest; a missing bracket closes
/// at the end.
pub(super) fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix(['(', '（'])?;
    let mut depth = 1;
    for (place, character) in inside.char_indices() {
        match character {
            '(' | '（' => depth += 1,
            ')' | '）' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let after = &inside[place + character.len_utf8()..];
            return Some((inside[..place].trim(), after.trim_start_matches([')', '）'])));
        }
    }
    Some((inside.trim(), ""))
}

/// Returns whether a line of the head contains only labels, such as the price or the authorization.
fn is_labels(line: &str) -> bool {
    let label = |word: &str| {
        let known = ["免费", "收费", "付费", "授权", "基础API", "增值API", "聚石塔"];
        let sentence = word.chars().count() > 40 || word.contains(['，', '。', '；', ',', ';', '：', ':']);
        matches!(word, "¥" | "￥" | "|" | "·") || (!sentence && known.iter().any(|part| word.contains(part)))
    };
    let english = line.len() <= 60 && line.is_ascii() && vocabulary::authorization(line).is_some();
    english || (!line.is_empty() && line.split_whitespace().all(label)) || line.starts_with("更新时间")
}
