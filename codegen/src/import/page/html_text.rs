//! Saved pages: HTML converted to text, with a tab between the cells of a table.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

/// Elements without visible content.
const HIDDEN: [&[u8]; 7] = [b"head", b"script", b"style", b"noscript", b"template", b"svg", b"select"];

/// Block elements, which begin and end a line.
const BLOCKS: [&[u8]; 31] = [
    b"address",
    b"article",
    b"aside",
    b"blockquote",
    b"body",
    b"caption",
    b"dd",
    b"div",
    b"dl",
    b"dt",
    b"figure",
    b"footer",
    b"form",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"header",
    b"hr",
    b"main",
    b"nav",
    b"ol",
    b"p",
    b"pre",
    b"section",
    b"table",
    b"tbody",
    b"thead",
    b"ul",
];

/// Converts an HTML page to text.
pub(super) fn from_html(html: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut converter = Converter::default();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => converter.start(&tag.name, tag.self_closing),
            Token::EndTag(tag) => converter.end(&tag.name),
            Token::String(text) => converter.text(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    converter.text
}

/// The state of the conversion.
#[derive(Default)]
struct Converter {
    text: String,
    /// The enclosing hidden element, and the number of open elements with its name.
    hidden: Option<(Vec<u8>, usize)>,
    /// Whether a cell is open, and the offset of its text.
    in_cell: bool,
    cell: usize,
    /// The number of open `<pre>` elements, in which white space is kept.
    preformatted: usize,
    /// Whether the current row has an earlier cell.
    later_cell: bool,
}

impl Converter {
    fn start(&mut self, name: &[u8], self_closing: bool) {
        if let Some((hidden, count)) = &mut self.hidden {
            *count += usize::from(hidden == name && !self_closing);
        } else if HIDDEN.contains(&name) && !self_closing {
            self.hidden = Some((name.to_owned(), 1));
        } else {
            match name {
                b"br" => self.text.push('\n'),
                b"tr" => {
                    self.line();
                    (self.later_cell, self.in_cell) = (false, false);
                }
                b"td" | b"th" => {
                    if self.later_cell {
                        let end = self.text.trim_end_matches([' ', '\n']).len().max(self.cell);
                        self.text.truncate(end);
                        self.text.push('\t');
                    }
                    self.later_cell = true;
                    self.in_cell = true;
                    self.cell = self.text.len();
                }
                b"li" => {
                    self.line();
                    self.text.push_str("• ");
                }
                _ if BLOCKS.contains(&name) => self.line(),
                _ => {}
            }
            self.preformatted += usize::from(name == b"pre");
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some((hidden, count)) = &mut self.hidden {
            *count -= usize::from(hidden == name);
            if *count == 0 {
                self.hidden = None;
            }
            return;
        }
        match name {
            b"pre" => self.preformatted = self.preformatted.saturating_sub(1),
            b"td" | b"th" => self.in_cell = false,
            b"table" => (self.in_cell, self.later_cell) = (false, false),
            _ => {}
        }
        if name == b"tr" || name == b"li" || BLOCKS.contains(&name) {
            self.line();
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        if self.preformatted > 0 {
            self.text.push_str(text);
            return;
        }
        for (index, line) in text.split([' ', '\t', '\r', '\n', '\u{c}']).enumerate() {
            if index > 0 && !self.text.is_empty() && !self.text.ends_with([' ', '\n', '\t']) {
                self.text.push(' ');
            }
            self.text.push_str(line);
        }
    }

    /// Begins a line, unless the text is at the beginning of a line or a cell.
    fn line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        let empty_cell = self.in_cell && self.text.len() <= self.cell;
        if !self.text.is_empty() && !self.text.ends_with('\n') && !empty_cell {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::from_html;

    #[test]
    fn converts_pages_to_text() {
        for (html, expected) in [
            ("<p>a  b\n c</p><p>d</p>", "a b c\nd\n"),
            ("<head><title>x</title></head><body>a<script>if (a < b) {}</script>b", "ab"),
            ("<table><tr><th>a</th><th> b </th></tr><tr><td></td><td>c<br>d</td></tr></table>", "a\tb\n\tc\nd\n"),
            ("<td><div>a</div></td><td><div>b</div></td>", "a\tb\n"),
            ("<ul><li>a</li><li>└&nbsp;b</li></ul>", "• a\n• └\u{a0}b\n"),
            ("<pre>{\n  &quot;a&quot;: 1\n}</pre>", "{\n  \"a\": 1\n}\n"),
            ("a < b && c", "a < b && c"),
            ("<svg><svg></svg>x</svg>y", "y"),
            ("<", "<"),
        ] {
            assert_eq!(from_html(html), expected, "{html}");
        }
    }
}
