//! Responses. The floor is serde's derived `Deserialize` from the same bytes, with dates and prices as text. Both sides copy the
//! body first, because a decoded response keeps it.

use generated_sdk::api::trade::TradesSoldGetRequest;
use generated_sdk::protocol::{ResponseBody, decode};

use super::trades::{Form, body};
use crate::floor::{self, Root, TradesSold};
use crate::measure::Case;

pub(crate) fn cases() -> Vec<Case> {
    let [json, simplified, xml] = [Form::Json, Form::Simplified, Form::Xml].map(body);
    vec![
        Case::new("decode trades, JSON", 0.80, ours(json.clone()), move || {
            serde_json::from_str::<Root>(&json.clone()).is_ok()
        }),
        Case::new("decode trades, simplified JSON", 0.85, ours(simplified.clone()), move || {
            serde_json::from_str::<TradesSold<floor::Json>>(&simplified.clone()).is_ok()
        }),
        Case::new("decode trades, XML", 0.60, ours(xml.clone()), move || {
            quick_xml::de::from_str::<TradesSold<floor::Xml>>(&xml.clone()).is_ok()
        }),
    ]
}

fn ours(body: String) -> impl FnMut() -> bool {
    move || decode::<TradesSoldGetRequest>(ResponseBody::from(body.clone())).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_decode_the_same_trades() {
        for form in [Form::Json, Form::Simplified, Form::Xml] {
            let body = body(form);
            let trades = match form {
                Form::Json => {
                    serde_json::from_str::<Root>(&body).unwrap().trades_sold_get_response.trades.unwrap().0.len()
                }
                Form::Simplified => {
                    serde_json::from_str::<TradesSold<floor::Json>>(&body).unwrap().trades.unwrap().0.len()
                }
                Form::Xml => quick_xml::de::from_str::<TradesSold<floor::Xml>>(&body).unwrap().trades.unwrap().0.len(),
            };
            let response = decode::<TradesSoldGetRequest>(body).unwrap();
            assert_eq!((response.trades.len(), trades), (40, 40), "{form:?}");
            assert_eq!((response.mismatches(), response.unknown_fields().len()), (&[][..], 0), "{form:?}");
        }
    }
}
