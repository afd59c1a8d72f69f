//! The HTML in the platform's descriptions, as plain text.

/// The elements that the documents use. What looks like another, as `List<Item>` does, is text.
const ELEMENTS: [&str; 36] = [
    "a",
    "b",
    "big",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "td",
    "tr",
    "u",
    "ul",
];

/// The elements that begin or end a line.
const LINES: [&str; 15] =
    ["blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "hr", "li", "ol", "p", "tr", "ul"];

/// The text without its tags and with its entities resolved. The address of a link stands behind its text.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut address = None;
    let mut rest = text;
    while let Some(start) = rest.find(['<', '&']) {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some((tag, length)) = tag(rest) {
            rest = &rest[length..];
            if LINES.contains(&tag.name.as_str()) && !plain.ends_with('\n') {
                plain.push('\n');
            }
            match (tag.name.as_str(), tag.closes) {
                ("a", false) => address = tag.address,
                ("a", true) => {
                    if let Some(address) = address.take().filter(|address| !plain.ends_with(address.as_str())) {
                        plain.push(' ');
                        plain.push_str(&address);
                        plain.push(' ');
                    }
                }
                _ => {}
            }
        } else if let Some((character, length)) = entity(rest) {
            plain.push(character);
            rest = &rest[length..];
        } else {
            plain.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    plain + rest
}

struct Tag {
    name: String,
    closes: bool,
    address: Option<String>,
}

/// The tag that a text begins with, and how long it is.
fn tag(text: &str) -> Option<(Tag, usize)> {
    let end = text.find('>')?;
    let inside = &text[1..end];
    let closes = inside.starts_with('/');
    let inside = inside.trim_start_matches('/').trim();
    let name_end = inside.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(inside.len());
    let name = inside[..name_end].to_ascii_lowercase();
    if !ELEMENTS.contains(&name.as_str()) {
        return None;
    }
    let address = inside.split_once("href=").map(|(_, rest)| {
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|character: char| quote.map_or(character.is_whitespace(), |quote| character == quote));
        rest[..end.unwrap_or(rest.len())].trim().to_owned()
    });
    let address = address.filter(|address| address.starts_with("http://") || address.starts_with("https://"));
    Some((Tag { name, closes, address }, end + 1))
}

/// The entity that a text begins with, and how long it is.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.find(';').filter(|end| *end <= 8)?;
    let character = match &text[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_and_entities() {
        for (html, text) in [
            ("plain", "plain"),
            ("a<br/>b<BR>c", "a\nb\nc"),
            ("<p>one</p><p>two</p>", "\none\ntwo\n"),
            ("<b style='x'>bold</b> &amp; &lt;i&gt; &#39;x&#x27;&nbsp;", "bold & <i> 'x' "),
            ("<a href=\"http://a.b/c?d=e\" target='_blank'>here</a>.", "here http://a.b/c?d=e ."),
            ("<a href=http://a.b/>http://a.b/</a>", "http://a.b/"),
            ("<a href='javascript:x'>here</a>", "here"),
            ("List<Item> 1<2 a&b &unknown; &#xFFFFFFFF; <", "List<Item> 1<2 a&b &unknown; &#xFFFFFFFF; <"),
            ("<端口> &端; <b", "<端口> &端; <b"),
            ("<a", "<a"),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}
