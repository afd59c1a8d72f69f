//! Requests as signed forms. One floor is a single encoding pass into a buffer of the final size; the other adds the digest of the
//! signed text.

use std::error::Error;

use generated_sdk::api::top::TopClientTokenGetRequest;
use generated_sdk::api::trade::{TradeMemoAddRequest, TradesSoldGetRequest};
use generated_sdk::generated::Request;
use generated_sdk::protocol::{Application, Parameters, SignMethod, signature, signed_text};
use generated_sdk::{AppCredentials, DateTime};

use crate::measure::Case;

const SECRET: &str = "0f6d2a84b1c943e7a5d8";

pub(crate) fn cases() -> Result<Vec<Case>, Box<dyn Error>> {
    let fields = ["tid", "status", "payment", "created", "orders", "receiver_name", "receiver_state", "receiver_city"];
    let sold = TradesSoldGetRequest::new(fields)
        .start_created("2024-06-18 00:00:00".parse()?)
        .end_created("2024-06-18 23:59:59".parse()?)
        .page_no(3)
        .page_size(40);
    let memo = TradeMemoAddRequest::new(2231958349123456, "买家要求周六送货，发顺丰；发票抬头：某某科技有限公司");
    let token = TopClientTokenGetRequest::new("AB/c+d==");
    let mut cases = Vec::new();
    cases.extend(of("list of trades", 1.2, 1.6, sold)?);
    cases.extend(of("memo in Chinese", 1.2, 1.6, memo)?);
    cases.extend(of("token", 1.2, 1.6, token)?);
    Ok(cases)
}

/// The name of a case is kept for as long as the program runs.
fn name(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn of<R: Request + Clone + 'static>(
    what: &str,
    form_target: f64,
    request_target: f64,
    request: R,
) -> Result<Vec<Case>, Box<dyn Error>> {
    let application = Application::new(AppCredentials::new("12345678", SECRET));
    let timestamp: DateTime = "2024-06-18 10:00:00".parse()?;
    let signed = application.sign(&request, Some("session"), timestamp)?;
    let parameters = signed.parameters().clone();
    let encoding = {
        let (ours, floor) = (parameters.clone(), parameters.clone());
        Case::new(name(format!("form of a {what}")), form_target, move || ours.to_form(), move || form(&floor))
    };
    let whole = {
        let ours =
            move || application.sign(&request, Some("session"), timestamp).map(|signed| signed.parameters().to_form());
        let floor = move || {
            let text = signed_text(parameters.pairs(), b"");
            let pairs = std::str::from_utf8(&text).map(|text| [(text, "")]);
            let sign = pairs.map(|pairs| signature(SignMethod::HmacSha256, SECRET, pairs, b"")).unwrap_or_default();
            (sign, form(&parameters))
        };
        Case::new(name(format!("request to signed form, {what}")), request_target, ours, floor)
    };
    Ok(vec![encoding, whole])
}

/// Encodes a form in one pass into a buffer of the final size.
fn form(parameters: &Parameters) -> Vec<u8> {
    let size = parameters.pairs().map(|(name, value)| 2 + encoded_size(name) + encoded_size(value)).sum();
    let mut form = Vec::with_capacity(size);
    for (name, value) in parameters.pairs() {
        if !form.is_empty() {
            form.push(b'&');
        }
        push(&mut form, name);
        form.push(b'=');
        push(&mut form, value);
    }
    form
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*')
}

fn encoded_size(text: &str) -> usize {
    text.bytes().map(|byte| if is_plain(byte) || byte == b' ' { 1 } else { 3 }).sum()
}

/// Copies runs of plain bytes, and encodes the others.
fn push(form: &mut Vec<u8>, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut rest = text.as_bytes();
    while let Some(length) = rest.iter().position(|byte| !is_plain(*byte)) {
        form.extend_from_slice(&rest[..length]);
        match rest[length] {
            b' ' => form.push(b'+'),
            byte => form.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
        }
        rest = &rest[length + 1..];
    }
    form.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_encodes_the_same_form() {
        let mut parameters = Parameters::new();
        parameters.set("fields", "tid,status");
        parameters.set("memo", "周六 *-._~ &=+%");
        assert_eq!(String::from_utf8(form(&parameters)).unwrap(), parameters.to_form());
    }
}
