//! Converts HTML in the platform's descriptions to plain text.

/// The elements in the documents. Other tags, such as `List<Item>`, are text.
const ELEMENTS: [&str; 42] = [
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
    "h5",
    "h6",
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
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// The elements that begin or end a line.
const LINE_ELEMENTS: [&str; 18] = [
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "tr",
    "ul",
];

/// Resolves the entities of a text, and keeps its tags.
pub(crate) fn resolve_entities(text: &str) -> String {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        resolved.push_str(&rest[..start]);
        let (character, length) = entity(&rest[start..]).unwrap_or(('&', 1));
        resolved.push(character);
        rest = &rest[start + length..];
    }
    resolved + rest
}

/// Removes the tags of a text and resolves its entities. The URL of a link follows its text.
pub(crate) fn plain_text(text: &str) -> String {
    let mut plain = String::new();
    let mut address = None;
    let (mut tag_ends, mut comment_ends) = (PatternEnds::of(">"), PatternEnds::of("-->"));
    let mut offset = 0;
    while let Some(start) = text[offset..].find(['<', '&']) {
        plain.push_str(&text[offset..offset + start]);
        offset += start;
        let rest = &text[offset..];
        if let Some(end) = rest.starts_with("<!--").then(|| comment_ends.next(text, offset)).flatten() {
            offset = end;
        } else if let Some(tag) = tag(rest)
            && let Some(end) = tag_ends.next(text, offset)
        {
            if LINE_ELEMENTS.contains(&tag.name.as_str()) && !plain.ends_with('\n') {
                plain.push('\n');
            }
            match (tag.name.as_str(), tag.closes) {
                ("td" | "th", true) => plain.push(' '),
                ("a", false) => address = linked(&text[offset..end - 1]),
                ("a", true) => {
                    if let Some(address) = address.take().filter(|address| !plain.ends_with(address.as_str())) {
                        plain.push(' ');
                        plain.push_str(&address);
                        plain.push(' ');
                    }
                }
                _ => {}
            }
            offset = end;
        } else {
            let (character, length) = entity(rest).unwrap_or((if rest.starts_with('<') { '<' } else { '&' }, 1));
            plain.push(character);
            offset += length;
        }
    }
    plain + &text[offset..]
}

/// Finds the ends of a pattern in a text. Each part of the text is searched once.
struct PatternEnds {
    wanted: &'static str,
    found: Option<Option<usize>>,
}

impl PatternEnds {
    const fn of(wanted: &'static str) -> Self {
        Self { wanted, found: None }
    }

    /// Returns the first end after `from`, which must not decrease.
    fn next(&mut self, text: &str, from: usize) -> Option<usize> {
        match self.found {
            Some(None) => None,
            Some(Some(offset)) if offset > from => Some(offset),
            _ => {
                let found = text[from..].find(self.wanted).map(|offset| from + offset + self.wanted.len());
                self.found = Some(found);
                found
            }
        }
    }
}

struct Tag {
    name: String,
    closes: bool,
}

/// Returns the complete tag at the beginning of a text.
fn tag(text: &str) -> Option<Tag> {
    let inside = text.strip_prefix('<')?;
    let closes = inside.starts_with('/');
    let named = inside.trim_start_matches(['/', ' ']);
    let longest = named.char_indices().nth(16).map_or(named.len(), |(end, _)| end);
    let name_end = named[..longest].find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(longest);
    let name = named[..name_end].to_ascii_lowercase();
    ELEMENTS.contains(&name.as_str()).then_some(Tag { name, closes })
}

/// Returns the URL of a link, if it is http or https.
fn linked(tag: &str) -> Option<String> {
    let (_, rest) = tag.split_once("href=")?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(|character: char| quote.map_or(character.is_whitespace(), |quote| character == quote));
    let address = rest[..end.unwrap_or(rest.len())].trim().to_owned();
    (address.starts_with("http://") || address.starts_with("https://")).then_some(address)
}

/// The named entities in the documents.
const ENTITIES: [(&str, char); 25] = [
    ("amp", '&'),
    ("apos", '\''),
    ("bull", '•'),
    ("copy", '©'),
    ("deg", '°'),
    ("emsp", ' '),
    ("ensp", ' '),
    ("ge", '≥'),
    ("gt", '>'),
    ("hellip", '…'),
    ("larr", '←'),
    ("ldquo", '“'),
    ("le", '≤'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("middot", '·'),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("quot", '"'),
    ("rarr", '→'),
    ("rdquo", '”'),
    ("rsquo", '’'),
    ("times", '×'),
    ("yen", '¥'),
];

/// Returns the entity at the beginning of a text, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(10).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let named = ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    let numbered = || {
        let number = name.strip_prefix('#')?;
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code)
    };
    Some((named.or_else(numbered)?, end + 1))
}

#[cfg(test)]
mod tests {
    use super::{plain_text, resolve_entities};

    #[test]
    fn removes_tags_and_resolves_entities() {
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
            ("a<!-- hidden -->b<!-- <b>c</b>", "ab<!-- c"),
            ("<table><tbody><tr><th>a</th><td>b</td></tr></tbody></table>", "\na b \n"),
            ("&ldquo;a&rdquo;&hellip; &nothing;", "“a”… &nothing;"),
        ] {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn resolves_entities_and_keeps_tags() {
        assert_eq!(resolve_entities("<b>&lt;a&gt; &amp;amp; &端; &"), "<b><a> &amp; &端; &");
    }
}
