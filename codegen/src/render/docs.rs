//! Doc comments: the page's words, made safe for Markdown and for the comment that they stand in.

use super::{Paths, example};
use crate::html;
use crate::model::{Api, Field, FieldKind, Limit, Struct};
use crate::spec::{Authorization, ErrorCode, Kind};

/// The longest example that a doc comment shows, in characters.
const EXAMPLE: usize = 80;

/// A text as one line of Markdown that shows it as it is.
pub(super) fn line(text: &str) -> String {
    words(&html::plain(text))
}

/// A text as one line for a compiler message, which is not Markdown.
pub(super) fn plain_line(text: &str) -> String {
    let visible: String = html::plain(text).chars().filter(|c| c.is_whitespace() || !is_hidden(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> String {
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The lines of a text, each with the space that parts it from its slashes, without empty ones at either end.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = html::plain(text).lines().map(|text| spaced(&words(text))).collect();
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(start, |last| last + 1);
    lines[start..end].to_vec()
}

fn spaced(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!(" {}", starting(line)) }
}

/// A line whose first character cannot be taken for the mark of a list, a heading or a quotation.
fn starting(line: &str) -> String {
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    match line[digits..].chars().next() {
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &line[..digits], &line[digits..]),
        Some('-' | '+' | '=' | '~') if digits == 0 => format!("\\{line}"),
        _ => line.to_owned(),
    }
}

/// A word whose characters mean nothing to Markdown. An address becomes a link.
fn word(text: &str) -> String {
    let address = text.find("http://").or_else(|| text.find("https://"));
    if let Some(start) = address {
        let end = text[start..]
            .find(|character: char| !character.is_ascii_graphic() || "<>\"'`(),;\\^{|}[]".contains(character))
            .map_or(text.len(), |length| start + length);
        let end = start + text[start..end].trim_end_matches(['.', ':', '!', '?']).len();
        return format!("{}<{}>{}", escaped(&text[..start]), &text[start..end], word(&text[end..]));
    }
    escaped(text)
}

fn escaped(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut escaped = String::new();
    for (index, character) in characters.iter().enumerate() {
        let between_letters = index > 0
            && characters[index - 1].is_alphanumeric()
            && characters.get(index + 1).is_some_and(|next| next.is_alphanumeric() || *next == '_');
        let special = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '#' | '|' | '&' => true,
            '_' => !between_letters,
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        if !is_hidden(*character) {
            escaped.push(*character);
        }
    }
    escaped
}

/// Whether a character is none to see: a control character, or one that turns the direction of what follows, which
/// compilers refuse because it makes code look like what it is not.
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as a code span.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|character| if is_hidden(character) { ' ' } else { character }).collect();
    let text = text.trim();
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A parameter in a sentence.
pub(super) fn mention(wire: &str) -> String {
    code(wire)
}

/// A field: its description, then its documented type and what else the page says of it.
pub(super) fn field(field: &Field) -> Vec<String> {
    let mut lines = field.description.as_deref().map(lines).unwrap_or_default();
    if lines.is_empty() {
        lines.push(format!(" {}", mention(&field.wire)));
    }
    lines.push(String::new());
    let mut facts = vec![documented(field)];
    if field.required {
        facts.push("required".to_owned());
    }
    if field.name != field.wire {
        facts.push(format!("{} on the wire", mention(&field.wire)));
    }
    facts.extend(field.limits.iter().map(|limit| match limit {
        Limit::MaxLength(most) if field.kind == FieldKind::Plain(Kind::File) => format!("at most {most} bytes"),
        Limit::MaxLength(most) => format!("at most {most} characters"),
        Limit::MaxListSize(most) => format!("at most {most} elements"),
        Limit::MinValue(least) => format!("at least {least}"),
        Limit::MaxValue(most) => format!("at most {most}"),
    }));
    if let Some(default) = &field.default {
        facts.push(format!("{} if it is not sent", code(&shortened(default))));
    }
    if let Some(example) = &field.example {
        facts.push(format!("for example {}", code(&shortened(example))));
    }
    lines.push(format!(" {}.", facts.join(", ")));
    if let Some(note) = &field.deprecated {
        lines.extend([String::new(), format!(" Deprecated: {}", line(note))]);
    }
    lines
}

fn documented(field: &Field) -> String {
    let list = if field.list { "\\[\\]" } else { "" };
    match &field.kind {
        FieldKind::Plain(Kind::File) => format!("byte\\[\\]{list}"),
        FieldKind::Choice(name) => format!("String{list}, see [`{name}`]"),
        FieldKind::Plain(Kind::FieldList) => Kind::FieldList.word().to_owned(),
        FieldKind::Plain(kind) => format!("{}{list}", kind.word()),
        FieldKind::Object { name, .. } if field.list => format!("List of [`{name}`]"),
        FieldKind::Object { name, .. } => format!("[`{name}`]"),
    }
}

fn shortened(example: &str) -> String {
    match example.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}…", &example[..end]),
        None => example.to_owned(),
    }
}

/// An object.
pub(super) fn object(item: &Struct) -> Vec<String> {
    vec![format!(" The object {}.", code(&item.type_name))]
}

/// A response.
pub(super) fn response(api: &Api) -> Vec<String> {
    vec![format!(" The response of {}.", code(&api.method))]
}

/// A request: what the method does, and how it is called.
pub(super) fn request(api: &Api, paths: &Paths) -> Vec<String> {
    let mut docs = vec![format!(" {}: {}", code(&api.method), line(&api.title))];
    let description = api.description.as_deref().map(lines).unwrap_or_default();
    if !description.is_empty() {
        docs.push(String::new());
        docs.extend(description);
    }
    let session = match api.authorization {
        Some(Authorization::Required) => Some("A call needs a session."),
        Some(Authorization::None) => Some("A call needs no session."),
        Some(Authorization::Optional) => Some("A call may have a session."),
        None => None,
    };
    let https = api.https_only.then_some("It goes over https alone.");
    let sentences: Vec<&str> = session.into_iter().chain(https).collect();
    if !sentences.is_empty() {
        docs.extend([String::new(), format!(" {}", sentences.join(" "))]);
    }
    if api.paging.is_some() {
        docs.extend([String::new(), " `client.items(request)` walks through all pages of the list.".to_owned()]);
    }
    if let Some(note) = &api.deprecated {
        docs.extend([String::new(), format!(" Deprecated: {}", line(note))]);
    }
    if let Some(url) = &api.doc_url {
        docs.extend([String::new(), format!(" Documentation of the platform: <{url}>")]);
    }
    docs.push(String::new());
    docs.extend(example::call(api, paths).iter().map(|line| spaced_code(line)));
    if !api.errors.is_empty() {
        docs.extend([String::new(), " # Errors".to_owned(), String::new()]);
        docs.extend(api.errors.iter().map(error));
    }
    docs
}

/// A code as an item of a list.
fn error(error: &ErrorCode) -> String {
    let said: Vec<_> =
        [&error.message, &error.solution].map(|text| line(text)).into_iter().filter(|text| !text.is_empty()).collect();
    let colon = if said.is_empty() { "" } else { ": " };
    format!(" * {}{colon}{}", code(&error.code), said.join(" — "))
}

fn spaced_code(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!(" {line}") }
}

/// A number of things.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
