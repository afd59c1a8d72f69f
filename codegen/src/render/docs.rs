//! Doc comments: the spec's texts, escaped for Markdown.

use super::{Paths, example};
use crate::html;
use crate::model::{Api, Field, FieldKind, Limit, Paging, Struct, Topic};
use crate::spec::{Authorization, ErrorCode, Kind};

/// The maximum length of a quoted text, in characters.
const EXAMPLE: usize = 80;

/// Returns a text as one line of Markdown, with its special characters escaped.
pub(super) fn line(text: &str) -> String {
    words(&html::plain_text(text))
}

/// A text as one line for a compiler message, which is not Markdown.
pub(super) fn plain_line(text: &str) -> String {
    let visible: String = html::plain_text(text).chars().filter(|c| c.is_whitespace() || !is_hidden(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> String {
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The lines of a text, each with the space that parts it from its slashes, without empty ones at either end.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = html::plain_text(text).lines().map(|text| spaced(&words(text))).collect();
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

/// The docs of a field: its description, then its facts. `output`: the field is in a response or a message.
pub(super) fn field(field: &Field, output: bool) -> Vec<String> {
    let mut lines = field.facts.description.as_deref().map(lines).unwrap_or_default();
    if lines.is_empty() {
        lines.push(format!(" {}", mention(&field.wire)));
    }
    let mut facts = facts(field, output);
    if let Some(example) = &field.facts.example {
        facts.push(format!("Example: {}.", code(&shortened(example))));
    }
    lines.extend([String::new(), format!(" {}", facts.join(" "))]);
    if let Some(note) = &field.facts.deprecated {
        lines.extend([String::new(), format!(" Deprecated: {}", line(note))]);
    }
    lines
}

/// The docs of a setter, in one line: the link to the field, the start of its description, and its facts.
pub(super) fn setter(field: &Field) -> String {
    let name = &field.name;
    let title = field.facts.description.as_deref().map(title).filter(|title| !title.is_empty());
    let title = title.map_or_else(|| ".".to_owned(), |title| format!(": {title}"));
    format!("Sets [{}](field@Self::{name}){title} {}", mention(&field.wire), facts(field, false).join(" "))
}

/// The type, the requirement, the limits and the default of a field, each as a sentence.
fn facts(field: &Field, output: bool) -> Vec<String> {
    let mut facts = vec![documented(field)];
    if field.required {
        facts.push(if output { "Always present." } else { "Required." }.to_owned());
    }
    facts.extend(field.limits.iter().map(|limit| match limit {
        Limit::MaxLength(max) if field.kind == FieldKind::Plain(Kind::File) => format!("Max size {max} bytes."),
        Limit::MaxLength(max) => format!("Max length {max}."),
        Limit::MaxListSize(max) => format!("Max list size {max}."),
        Limit::MinValue(min) => format!("Min {min}."),
        Limit::MaxValue(max) => format!("Max {max}."),
    }));
    if let Some(default) = &field.facts.default {
        facts.push(format!("Default: {}.", code(&shortened(default))));
    }
    if field.name != field.wire {
        facts.push(format!("Wire name: {}.", mention(&field.wire)));
    }
    if field.secret {
        facts.push("Redacted in `Debug` output.".to_owned());
    }
    facts
}

/// The documented type of a field as a sentence.
fn documented(field: &Field) -> String {
    let element = match &field.kind {
        FieldKind::Plain(Kind::File) => "`byte[]`".to_owned(),
        FieldKind::Plain(kind) => kind.name().to_owned(),
        FieldKind::OpenEnum(name) | FieldKind::Object { name, .. } => format!("[`{name}`]"),
    };
    if field.list && field.kind != FieldKind::Plain(Kind::FieldList) {
        format!("List of {element}.")
    } else {
        format!("{element}.")
    }
}

/// The first sentence of a description as one line that ends with a full stop; empty if there is no text.
fn title(description: &str) -> String {
    let text = html::plain_text(description);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let sentence = match first.char_indices().find(|(_, character)| matches!(character, '。' | '；' | '！' | '？'))
    {
        Some((end, _)) => &first[..end],
        None => first.trim_end_matches(['.', ':', '：', ';']),
    };
    let end = if sentence.is_empty() { "" } else { "." };
    format!("{}{end}", words(&shortened(sentence)))
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

/// The docs of a message: when the platform sends it.
pub(super) fn topic(topic: &Topic) -> Vec<String> {
    let mut docs = vec![format!(" {}: {}", code(&topic.topic), line(&topic.title))];
    let description = topic.description.as_deref().map(lines).unwrap_or_default();
    if !description.is_empty() {
        docs.push(String::new());
        docs.extend(description);
    }
    if let Some(note) = &topic.deprecated {
        docs.extend([String::new(), format!(" Deprecated: {}", line(note))]);
    }
    if let Some(url) = &topic.doc_url {
        docs.extend([String::new(), format!(" Documentation of the platform: <{url}>")]);
    }
    docs
}

/// The docs of a request: what the method does, how it is called, an example and its error codes.
pub(super) fn request(api: &Api, paths: &Paths) -> Vec<String> {
    let mut docs = vec![format!(" {}: {}", code(&api.method), line(&api.facts.title.value))];
    let description = api.facts.description.as_deref().map(lines).unwrap_or_default();
    if !description.is_empty() {
        docs.push(String::new());
        docs.extend(description);
    }
    let reference = reference(api);
    if !reference.is_empty() {
        docs.push(String::new());
        docs.extend(reference.into_iter().map(|fact| format!(" - {fact}")));
    }
    if let Some(note) = &api.facts.deprecated {
        docs.extend([String::new(), format!(" Deprecated: {}", line(note))]);
    }
    if let Some(url) = &api.facts.doc_url {
        docs.extend([String::new(), format!(" Documentation of the platform: <{url}>")]);
    }
    docs.extend([String::new(), " # Examples".to_owned(), String::new()]);
    docs.extend(example::call(api, paths).iter().map(|line| spaced_code(line)));
    if !api.facts.errors.is_empty() {
        docs.extend([String::new(), " # Error codes".to_owned(), String::new()]);
        docs.extend(api.facts.errors.iter().map(error));
    }
    docs
}

/// The docs of the request of an SPI: what the method does, an example and its error codes.
pub(super) fn callback(callback: &Api, paths: &Paths) -> Vec<String> {
    let mut docs =
        vec![format!(" The request of the SPI {}: {}", code(&callback.method), line(&callback.facts.title.value))];
    let description = callback.facts.description.as_deref().map(lines).unwrap_or_default();
    if !description.is_empty() {
        docs.push(String::new());
        docs.extend(description);
    }
    if let Some(note) = &callback.facts.deprecated {
        docs.extend([String::new(), format!(" Deprecated: {}", line(note))]);
    }
    if let Some(url) = &callback.facts.doc_url {
        docs.extend([String::new(), format!(" Documentation of the platform: <{url}>")]);
    }
    docs.extend([String::new(), " # Examples".to_owned(), String::new()]);
    docs.extend(example::answer(callback, paths).iter().map(|line| spaced_code(line)));
    if !callback.facts.errors.is_empty() {
        docs.extend([String::new(), " # Error codes".to_owned(), String::new()]);
        docs.extend(callback.facts.errors.iter().map(error));
    }
    docs
}

/// The docs of the response of an SPI.
pub(super) fn callback_response(callback: &Api) -> Vec<String> {
    vec![format!(" The response of the application to the SPI {}.", code(&callback.method))]
}

/// What a caller looks up about a method: one line for each fact that the spec states.
fn reference(api: &Api) -> Vec<String> {
    let authorization = api.facts.authorization.map(|authorization| match authorization {
        Authorization::Required => "Session: required.",
        Authorization::Optional => "Session: optional.",
        Authorization::None => "Session: not used.",
    });
    let https = api.facts.https_only.then_some("Transport: HTTPS only.");
    let mut reference: Vec<String> = authorization.into_iter().chain(https).map(str::to_owned).collect();
    reference.extend(api.paging.as_ref().map(paging));
    reference
}

/// How a list is paged, in one line.
fn paging(paging: &Paging) -> String {
    let way = |way: &Vec<String>| mention(&way.join("."));
    let by = match (&paging.number, &paging.offset, &paging.cursor) {
        (Some((number, _)), ..) => format!("page number {}", way(number)),
        (_, Some(offset), _) => format!("offset {}", way(offset)),
        (_, _, Some((cursor, _))) => format!("cursor {}", way(cursor)),
        _ => "time window".to_owned(),
    };
    let size = paging.size.as_ref().map(|(size, _)| format!(", page size {}", way(size))).unwrap_or_default();
    let window = paging.window.as_ref().map(|window| format!(", at most {}", minutes(window.minutes)));
    let window = window.map(|window| format!("{window} per time window")).unwrap_or_default();
    format!("Paging: {by}{size}{window}. `client.items(request)` returns the items of all pages.")
}

/// A number of minutes in the largest unit that divides it.
fn minutes(minutes: i64) -> String {
    let (count, unit) = match minutes {
        _ if minutes % 1440 == 0 => (minutes / 1440, "day"),
        _ if minutes % 60 == 0 => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// An error code as a list item.
fn error(error: &ErrorCode) -> String {
    let texts: Vec<_> =
        [&error.message, &error.solution].map(|text| line(text)).into_iter().filter(|text| !text.is_empty()).collect();
    let colon = if texts.is_empty() { "" } else { ": " };
    format!(" - {}{colon}{}", code(&error.code), texts.join(" — "))
}

fn spaced_code(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!(" {line}") }
}

/// A number of methods, and of topics if there are any.
pub(super) fn counted_together(methods: usize, topics: usize) -> String {
    let counted_methods = counted(methods, "method", "methods");
    match (methods, topics) {
        (_, 0) => counted_methods,
        (0, _) => counted(topics, "topic", "topics"),
        _ => format!("{counted_methods} and {}", counted(topics, "topic", "topics")),
    }
}

/// A number of things.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
