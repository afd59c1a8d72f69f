//! Lenient decoding of undocumented responses (docs/protocol.md sections 4.1 to 4.5).

use expect_test::expect;
use generated_sdk::generated::record;
use generated_sdk::protocol::Error;
use generated_sdk::protocol::{Code, Decimal, Request, decode, decode_untyped};
use generated_sdk::{DateTime, Response};

use crate::fixture::{FixtureEverythingGetRequest, FixtureEverythingGetResponse};

fn decoded(body: &str) -> Response<FixtureEverythingGetResponse> {
    decode::<FixtureEverythingGetRequest>(body.to_owned()).unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// Returns the same members as JSON with a root node, as simplified JSON, and as XML.
fn forms(json: &str, xml: &str) -> [String; 3] {
    [
        format!("{{\"fixture_everything_get_response\":{{{json}}}}}"),
        format!("{{{json}{}\"request_id\":\"r\"}}", if json.is_empty() { "" } else { "," }),
        format!("<fixture_everything_get_response>{xml}</fixture_everything_get_response>"),
    ]
}

/// Decodes the members in all three forms, which must be equal. Returns the value and its mismatches.
fn read(json: &str, xml: &str) -> (FixtureEverythingGetResponse, Vec<String>) {
    let mut answers = forms(json, xml).map(|body| {
        let response = decoded(&body);
        let mismatches: Vec<_> = response.mismatches().iter().map(ToString::to_string).collect();
        (response.into_value(), mismatches)
    });
    let [wrapped, simplified, of_xml] = &answers;
    assert_eq!(wrapped, simplified, "{json}");
    assert_eq!(wrapped.0, of_xml.0, "{json} {xml}");
    std::mem::take(&mut answers[0])
}

#[test]
fn accepts_other_root_nodes() {
    for body in [
        r#"{"fixture_everything_get_response":{"text":"t"}}"#,
        r#"{"taobao_fixture_everything_get_response":{"text":"t"}}"#,
        r#"{"Fixture_Everything_Get_Response":{"text":"t"}}"#,
        r#"{"response":{"text":"t"}}"#,
        r#"{"data":{"text":"t"}}"#,
        r#"{"端":{"text":"t"}}"#,
        r#"{"":{"text":"t"}}"#,
        r#"{"text":"t"}"#,
        "<fixture_everything_get_response><text>t</text></fixture_everything_get_response>",
        "<response><text>t</text></response>",
        "<端><text>t</text></端>",
        r#"{"other_response":{"text":"t"},"request_id":"r"}"#,
        // With protocol fields or other fields next to it.
        r#"{"request_id":"r","data":{"text":"t"}}"#,
        r#"{"data":{"text":"t"},"request_id":"r"}"#,
        r#"{"code":200,"msg":"ok","data":{"text":"t"},"request_id":"r"}"#,
        r#"{"code":0,"msg":"ok","data":{"text":"t"}}"#,
        r#"{"success":true,"code":"10000","msg":"ok","data":{"text":"t"}}"#,
    ] {
        let response = decoded(body);
        assert_eq!((response.text.as_deref(), response.mismatches()), (Some("t"), &[][..]), "{body}");
    }
}

#[test]
fn prefers_documented_fields_to_other_roots() {
    for body in [
        r#"{"data":{"text":"guess","request_id":"g"},"text":"t"}"#,
        r#"{"data":{"text":"guess","request_id":"g"},"fixture_everything_get_response":{"text":"t"}}"#,
        r#"{"fixture_everything_get_response":{"text":"t"},"data":{"text":"guess","request_id":"g"}}"#,
        r#"{"text":"t","data":{"text":"guess","request_id":"g"}}"#,
    ] {
        let response = decoded(body);
        assert_eq!((response.text.as_deref(), response.request_id()), (Some("t"), None), "{body}");
    }
}

#[test]
fn reports_roots_that_are_not_objects() {
    for (body, mismatches) in [
        (r#"{"fixture_everything_get_response":null}"#, 0),
        (r#"{"fixture_everything_get_response":""}"#, 0),
        (r#"{"fixture_everything_get_response":" "}"#, 0),
        ("<fixture_everything_get_response/>", 0),
        (r#"{"fixture_everything_get_response":"text"}"#, 1),
        (r#"{"fixture_everything_get_response":[{"text":"t"}]}"#, 1),
        (r#"{"fixture_everything_get_response":7}"#, 1),
    ] {
        let response = decoded(body);
        assert_eq!((response.text.as_deref(), response.mismatches().len()), (None, mismatches), "{body}");
    }
    for body in [r#"{"other":""}"#, r#"{"other":null}"#, r#"{"other":"text"}"#, r#"{"other":[]}"#, "<other/>"] {
        let error = decode::<FixtureEverythingGetRequest>(body.to_owned()).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{body}: {error}");
    }
}

#[test]
fn reports_responses_without_documented_fields() {
    for body in [
        r#"{"fixture_everything_get_response":{"result":{"text":"t"},"request_id":"r"}}"#,
        r#"{"fixture_everything_get_response":{"rows":[1]}}"#,
        r#"{"rows":[{"text":"t"}],"request_id":"r"}"#,
        "<fixture_everything_get_response><result><text>t</text></result></fixture_everything_get_response>",
    ] {
        let mismatches: Vec<_> = decoded(body).mismatches().iter().map(ToString::to_string).collect();
        assert_eq!(mismatches, ["the response: expected object, found no documented field"], "{body}");
    }
    for body in [
        r#"{"fixture_everything_get_response":{"result":"success","total":0,"request_id":"r"}}"#,
        r#"{"fixture_everything_get_response":{"text":null,"rows":[1]}}"#,
        r#"{"text":"t","rows":[1]}"#,
        r#"{"rows":[1],"fixture_everything_get_response":{"text":"t"}}"#,
    ] {
        assert_eq!(decoded(body).mismatches(), [], "{body}");
    }
}

#[test]
fn object_with_several_members_is_not_a_list() {
    let body = r#"{"x_response":{"trade":{"orders":{"a":[{"oid":1},{"oid":"x"}],"b":{"oid":2},"c":[3]},"tid":7},
        "texts":{"a":["t"],"b":1},"number":8}}"#;
    let response = decoded(body);
    let trade = response.trade.as_ref().unwrap();
    assert_eq!((trade.orders.len(), trade.tid, response.texts.len(), response.number), (0, Some(7), 0, Some(8)));
    let mismatches: Vec<_> = response.mismatches().iter().map(ToString::to_string).collect();
    assert_eq!(
        mismatches,
        [
            "trade.orders: expected object[], found an object with several members",
            "texts: expected String[], found an object with several members",
        ]
    );
}

/// A response with a secret that is not text.
#[derive(Clone, Default)]
struct Pin(Option<i64>, Option<DateTime>);

record! {
    mut Pin {
        0 => 0: Number("pin", Number, secret);
        1 => 1: Date("since", Date);
    }
}

impl Request for Pin {
    const METHOD: &'static str = "taobao.pin.get";
    const RESPONSE_NODE: &'static str = "pin_get_response";
    type Response = Self;
}

#[test]
fn redacts_mismatched_secrets() {
    for (found, pin, since) in [("[hidden]", "\"12a4\"", "7"), ("[hidden]", "1.5", "true"), ("a list", "[12]", "[]")] {
        let body = format!(r#"{{"pin_get_response":{{"pin":{pin},"since":{since}}}}}"#);
        let response = decode::<Pin>(body).unwrap();
        let reported: Vec<_> = response.mismatches().iter().map(|mismatch| mismatch.found.as_str()).collect();
        assert_eq!(reported, [found, if since == "[]" { "a list" } else { since }]);
    }
}

/// A response with a list of large objects.
#[derive(Clone, Default)]
struct Rows(Vec<Row>);

#[derive(Clone)]
struct Row {
    _bulk: [u8; 4096],
}

impl Default for Row {
    fn default() -> Self {
        Self { _bulk: [0; 4096] }
    }
}

record! {
    mut Rows {
        0 => 0: Objects("rows", Object, list);
    }
}

record!(mut Row {});

impl Request for Rows {
    const METHOD: &'static str = "taobao.rows.get";
    const RESPONSE_NODE: &'static str = "rows_get_response";
    type Response = Self;
}

#[test]
fn rejects_values_that_need_too_much_memory() {
    let million = |object: &str| object.repeat(1 << 20);
    let rows = |body: String| decode::<Rows>(body).map(|response| response.0.len());
    for body in [
        format!(r#"{{"rows_get_response":{{"rows":[{}{{}}]}}}}"#, million("{},")),
        format!("<rows_get_response><rows>{}</rows></rows_get_response>", million("<row/>")),
    ] {
        let Err(Error::Decode(error)) = rows(body) else { panic!("it is read") };
        assert!(error.problem.ends_with("which is too much for their text; request fewer items"), "{error}");
        assert!(error.path.starts_with("rows["), "{}", error.path);
    }
    assert_eq!(rows(format!(r#"{{"rows_get_response":{{"rows":[{}{{}}]}}}}"#, "{},".repeat(9_999))).unwrap(), 10_000);
    let json = format!(r#"{{"x_response":{{"json":[{}1]}}}}"#, million(r#"{"":1},"#));
    let Err(Error::Decode(error)) = decode::<FixtureEverythingGetRequest>(json) else { panic!("it is read") };
    assert_eq!(error.path, "json");
    // Text that cannot be parsed as JSON is a JSON string.
    let text = format!(r#"{{"x_response":{{"json":"[{}1]"}}}}"#, million(r#"{\"\":1},"#));
    assert!(decoded(&text).json.as_ref().is_some_and(serde_json::Value::is_string));
}

#[test]
fn keeps_the_first_mismatch_of_each_field() {
    let moments = "\"never\",".repeat(1000);
    let body = format!(r#"{{"x_response":{{"moments":[{moments}1],"numbers":["a"],"number":"b"}}}}"#);
    let response = decoded(&body);
    let paths: Vec<_> = response.mismatches().iter().map(|mismatch| mismatch.path.as_str()).collect();
    assert_eq!((paths.len(), &paths[255..]), (258, &["moments[255]", "numbers[0]", "number"][..]));
}

#[test]
fn error_response_next_to_a_response_is_a_refusal() {
    for body in [
        r#"{"fixture_everything_get_response":{"text":"t"},"error_response":{"code":15,"msg":"m"}}"#,
        r#"{"error_response":{"code":15,"msg":"m"},"fixture_everything_get_response":{"text":"t"}}"#,
        r#"{"text":"t","error_response":{"code":15,"msg":"m"}}"#,
        r#"{"error_response":[{"code":15,"msg":"m"},{"code":16,"msg":"n"}]}"#,
        r#"{"error_response":[null,[],{"code":15,"msg":"m"}],"text":"t"}"#,
        "<error_response><code>15</code><msg>m</msg></error_response><!--top-->",
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<!-- x --><error_response><code> 15 </code><msg>m</msg></error_response>",
    ] {
        let error = decode::<FixtureEverythingGetRequest>(body.to_owned()).map(|_| ()).unwrap_err();
        assert_eq!(error.platform().map(|error| (error.code.number(), &*error.msg)), Some((Some(15), "m")), "{body}");
    }
}

#[test]
fn ignores_empty_error_response_next_to_a_response() {
    for error in
        ["{}", "[]", "\"\"", "null", r#"{"code":0,"msg":"ok"}"#, r#"{"code":"200","msg":"success"}"#, r#"{"msg":""}"#]
    {
        for body in [
            format!(r#"{{"error_response":{error},"fixture_everything_get_response":{{"text":"t"}}}}"#),
            format!(r#"{{"fixture_everything_get_response":{{"text":"t"}},"error_response":{error}}}"#),
            format!(r#"{{"text":"t","error_response":{error}}}"#),
        ] {
            assert_eq!(decoded(&body).text.as_deref(), Some("t"), "{body}");
        }
    }
    // Without a response it is a refusal without a code.
    for error in ["{}", r#"{"reason":22}"#, "[]"] {
        let body = format!(r#"{{"error_response":{error}}}"#);
        let refusal = decode::<FixtureEverythingGetRequest>(body.clone()).map(|_| ()).unwrap_err();
        assert_eq!(refusal.body().map(|body| &**body), Some(body.as_str()));
        let reported = "the gateway refused the call without a code or a message; see the body of the error";
        assert_eq!(refusal.to_string(), reported);
    }
}

#[test]
fn documented_values_outweigh_undocumented_codes() {
    for body in [
        r#"{"response":{"code":200,"msg":"ok","text":"t","request_id":"r"}}"#,
        r#"{"response":{"text":"t","code":"A1","msg":"ok","request_id":"r"}}"#,
        r#"{"code":200,"msg":"ok","text":"t","request_id":"r"}"#,
        r#"{"fixture_everything_get_response":{"code":50,"msg":"ok","sub_code":"isv.x","text":"t","request_id":"r"}}"#,
        "<response><code>200</code><msg>ok</msg><text>t</text><request_id>r</request_id></response>",
    ] {
        let response = decoded(body);
        assert_eq!((response.text.as_deref(), response.request_id()), (Some("t"), Some("r")), "{body}");
    }
    // The documented root node is a success.
    assert!(
        decode::<FixtureEverythingGetRequest>(
            r#"{"fixture_everything_get_response":{"code":50,"msg":"m","sub_code":"isv.x"}}"#.to_owned()
        )
        .is_ok()
    );
}

#[test]
fn keeps_unknown_xml_references_as_text() {
    for (xml, text) in [
        ("a&amp;b&#65;&#x7aef;", "a&bA端"),
        ("R&D", "R&D"),
        ("a & b", "a & b"),
        ("a &", "a &"),
        ("&&amp;&", "&&&"),
        ("?a=1&b=2;", "?a=1&b=2;"),
        ("a&nbsp;b", "a&nbsp;b"),
        ("&#x0;", "&#x0;"),
        ("&#x110000;&#;&#x;&#zz;&;", "&#x110000;&#;&#x;&#zz;&;"),
        ("&#99999999999999999999;", "&#99999999999999999999;"),
    ] {
        let response = decoded(&format!("<response><text>{xml}</text><number>7</number></response>"));
        assert_eq!((response.text.as_deref(), response.number), (Some(text), Some(7)), "{xml}");
    }
}

#[test]
fn decodes_every_shape_of_a_list() {
    // The shapes of a list in JSON and XML. `V` is the element.
    let one = [
        ("[V]", "<x>V</x>"),
        ("{\"x\":[V]}", "<x>V</x>"),
        ("{\"anything\":[V]}", "<anything>V</anything>"),
        ("{\"x\":V}", "<x>V</x>"),
    ];
    let two = [("[V,V]", "<x>V</x><x>V</x>"), ("{\"x\":[V,V]}", "<x>V</x>\n <x>V</x><!-- c -->")];
    let none = [("[]", ""), ("{}", " "), ("{\"x\":[]}", "\n"), ("{\"x\":null}", ""), ("null", ""), ("\"\"", "")];
    // The field, an element in JSON and in XML, and the debug output of a list with it.
    for (field, json, xml, output) in [
        ("texts", "\"a\"", "a", r#"texts: ["a"]"#),
        ("numbers", "7104300007405429232", "7104300007405429232", "numbers: [7104300007405429232]"),
        ("numbers", "\"1\"", "1", "numbers: [1]"),
        ("flags", "true", "true", "flags: [true]"),
        ("flags", "\"false\"", "false", "flags: [false]"),
        ("moments", "\"2016-01-01 12:00:00\"", "2016-01-01 12:00:00", "moments: [2016-01-01 12:00:00]"),
        ("moments", "1451620800000", "1451620800000", "moments: [2016-01-01 12:00:00]"),
        ("moneys", "\"5.00\"", "5.00", "moneys: [5.00]"),
        ("moneys", "5.00", "5.00", "moneys: [5.00]"),
        ("jsons", "\"{\\\"a\\\":1}\"", "{\"a\":1}", r#"jsons: [{"a":1}]"#),
        ("trade", "", "", ""),
    ] {
        let plain = field != "trade";
        let in_field = |list: &str, json: &str| {
            if plain {
                format!("\"{field}\":{}", list.replace('V', json))
            } else {
                format!("\"trade\":{{\"orders\":{}}}", list.replace('V', "{\"oid\":1,\"title\":\"商品\"}"))
            }
        };
        let in_element = |list: &str, xml: &str| {
            if plain {
                format!("<{field} list=\"true\">{}</{field}>", list.replace('V', xml))
            } else {
                let order = "<oid>1</oid><title>商品</title>";
                format!("<trade><orders>{}</orders></trade>", list.replace('V', order))
            }
        };
        let order = "OrderDo { oid: 1, title: \"商品\" }";
        let of = |count: usize| {
            if plain {
                let (before, element) = output.trim_end_matches(']').split_once('[').unwrap();
                format!("{before}[{}]", vec![element; count].join(", "))
            } else {
                format!("orders: [{}]", vec![order; count].join(", "))
            }
        };
        for (count, shapes) in [(1, &one[..]), (2, &two[..])] {
            for (list, elements) in shapes {
                let (value, mismatches) = read(&in_field(list, json), &in_element(elements, xml));
                let output = format!("{value:?}");
                assert!(output.contains(&of(count)), "{list}: {output}");
                assert!(mismatches.is_empty(), "{list}: {mismatches:?}");
            }
        }
        for (list, elements) in none {
            let (value, mismatches) = read(&in_field(list, json), &in_element(elements, xml));
            let output = format!("{value:?}");
            let expected =
                if plain { "FixtureEverythingGetResponse" } else { "FixtureEverythingGetResponse { trade: TradeDo }" };
            assert!(output == expected && mismatches.is_empty(), "{list}: {output} {mismatches:?}");
        }
    }
    // XML elements may repeat without an outer element.
    let bare = decoded("<r><numbers>1</numbers><text>t</text><numbers>2</numbers></r>");
    assert_eq!((bare.numbers.as_slice(), bare.text.as_deref()), (&[1, 2][..], Some("t")));
    // A single object without a list is ambiguous, and is a mismatch.
    let object = decoded(r#"{"r_response":{"trade":{"orders":{"oid":1,"title":"t"}}}}"#);
    assert_eq!(
        object.mismatches()[0].to_string(),
        "trade.orders: expected object[], found an object with several members"
    );
}

/// The elements of a list usually have the same members in the same order, which the decoder expects.
#[test]
fn members_of_elements_may_have_any_order() {
    let oid = |number: i64| (format!("\"oid\":{number}"), format!("<oid>{number}</oid>"));
    let title = |text: &str| (format!("\"title\":\"{text}\""), format!("<title>{text}</title>"));
    let unknown = || ("\"new\":{\"oid\":9}".to_owned(), "<new><oid>9</oid></new>".to_owned());
    let null = || ("\"oid\":null".to_owned(), "<oid/>".to_owned());
    let cases = [
        (vec![oid(1), title("a")], (Some(1), Some("a"))),
        (vec![title("b"), oid(2)], (Some(2), Some("b"))),
        (vec![title("c")], (None, Some("c"))),
        (vec![oid(4)], (Some(4), None)),
        (vec![unknown(), oid(5), unknown(), title("e"), unknown()], (Some(5), Some("e"))),
        (vec![oid(6), oid(7), title("f"), title("g"), oid(8)], (Some(8), Some("g"))),
        (vec![null(), title("h"), null()], (None, Some("h"))),
        (vec![], (None, None)),
    ];
    for first in 0..cases.len() {
        // Each case comes first once, and after each other case.
        let order: Vec<_> = (0..cases.len()).flat_map(|next| [next, first]).map(|index| &cases[index]).collect();
        let members = |members: &[(String, String)]| {
            let json: Vec<_> = members.iter().map(|(json, _)| json.as_str()).collect();
            (format!("{{{}}}", json.join(",")), members.iter().map(|(_, xml)| xml.as_str()).collect::<String>())
        };
        let (json, xml): (Vec<_>, Vec<_>) = order.iter().map(|(case, _)| members(case)).unzip();
        let json = format!("\"trade\":{{\"orders\":[{}]}}", json.join(","));
        let xml: String = xml.iter().map(|order| format!("<order>{order}</order>")).collect();
        let (response, mismatches) = read(&json, &format!("<trade><orders>{xml}</orders></trade>"));
        let trade = response.trade.unwrap();
        let orders: Vec<_> = trade.orders.iter().map(|order| (order.oid, order.title.as_deref())).collect();
        assert_eq!(orders, order.iter().map(|(_, expected)| *expected).collect::<Vec<_>>(), "{json}");
        assert_eq!(mismatches, [""; 0], "{json}");
    }
}

/// Memory for a long list is allocated once, and not much more than it needs.
#[test]
fn reserves_memory_for_long_lists() {
    let title = "a title ".repeat(40);
    for (count, title, after, capacities) in [
        (100, title.as_str(), 0, 100..=130),
        (4, &title, 1_000_000, 4..=4),
        // The text after the list is not part of it.
        (5, &title, 1_000_000, 5..=300),
        (5, "", 1_000_000, 5..=300),
    ] {
        let orders = vec![format!("{{\"title\":\"{title}\"}}"); count].join(",");
        let json = format!("\"trade\":{{\"orders\":[{orders}]}},\"text\":\"{}\"", "x".repeat(after));
        let trade = decoded(&forms(&json, "")[0]).into_value().trade.unwrap();
        assert_eq!(trade.orders.len(), count);
        assert!(capacities.contains(&trade.orders.capacity()), "{count} {}", trade.orders.capacity());
    }
}

#[test]
fn decodes_absent_lists_as_empty() {
    let empty = FixtureEverythingGetResponse::default();
    for (json, xml) in [("", ""), ("\"total_results\":0", "<total_results>0</total_results>")] {
        assert_eq!(read(json, xml), (empty.clone(), Vec::new()));
    }
    assert!(empty.texts.is_empty() && empty.jsons.is_empty() && empty.moneys.is_empty());
}

#[test]
fn converts_scalars() {
    // A field, its value in JSON and XML, and the debug output; empty for a mismatch.
    for (field, json, xml, output) in [
        ("number", "9223372036854775807", "9223372036854775807", "9223372036854775807"),
        ("number", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
        ("number", "\"9007199254740993\"", "9007199254740993", "9007199254740993"),
        ("number", "9007199254740993.0", "9007199254740993.0", "9007199254740993"),
        ("number", "\" 12 \"", " 12 ", "12"),
        ("number", "\"+5\"", "+5", "5"),
        ("number", "\"007\"", "007", "7"),
        ("number", "1e3", "1e3", "1000"),
        ("number", "12.00", "12.00", "12"),
        ("number", "true", "true", "1"),
        ("number", "\"false\"", "false", "0"),
        ("number", "12.5", "12.5", ""),
        ("number", "9223372036854775808", "9223372036854775808", ""),
        ("number", "-9223372036854775809", "-9223372036854775809", ""),
        ("number", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999", ""),
        ("number", "1e400", "1e400", ""),
        ("number", "\"1,000\"", "1,000", ""),
        ("number", "\"0x10\"", "0x10", ""),
        ("number", "\"NaN\"", "NaN", ""),
        ("number", "\"１２\"", "１２", ""),
        ("flag", "true", "true", "true"),
        ("flag", "\"true\"", "true", "true"),
        ("flag", "\"TRUE\"", "TRUE", "true"),
        ("flag", "\" False \"", " False ", "false"),
        ("flag", "1", "1", "true"),
        ("flag", "\"0\"", "0", "false"),
        ("flag", "2", "2", ""),
        ("flag", "\"yes\"", "yes", ""),
        ("text", "\"a\"", "a", "\"a\""),
        ("text", "9007199254740993", "9007199254740993", "\"9007199254740993\""),
        ("text", "1.10", "1.10", "\"1.10\""),
        ("text", "1e400", "1e400", "\"1e400\""),
        ("text", "true", "true", "\"true\""),
        ("text", "\" \"", " ", "\" \""),
        ("money", "\"5.00\"", "5.00", "5.00"),
        ("money", "5.00", "5.00", "5.00"),
        ("money", "-0.01", "-0.01", "-0.01"),
        ("money", "1E+2", "1E+2", "100"),
        (
            "money",
            "\"0.1234567890123456789012345678\"",
            "0.1234567890123456789012345678",
            "0.1234567890123456789012345678",
        ),
        ("money", "\"79228162514264337593543950336\"", "79228162514264337593543950336", ""),
        ("money", "\"￥5\"", "￥5", ""),
        ("money", "true", "true", ""),
        ("moment", "\"2016-01-01 12:00:00\"", "2016-01-01 12:00:00", "2016-01-01 12:00:00"),
        ("moment", "1451620800000", "1451620800000", "2016-01-01 12:00:00"),
        ("moment", "\"1451620800000\"", "1451620800000", "2016-01-01 12:00:00"),
        ("moment", "\"2016-02-30 12:00:00\"", "2016-02-30 12:00:00", ""),
        ("moment", "\"0000-00-00 00:00:00\"", "0000-00-00 00:00:00", ""),
        ("moment", "9223372036854775807", "9223372036854775807", ""),
        ("moment", "true", "true", ""),
        ("plain_token", "\"\\u4e2d\\/\"", "&#x4e2d;/", "\"中/\""),
    ] {
        let (value, mismatches) = read(&format!("\"{field}\":{json}"), &format!("<{field}>{xml}</{field}>"));
        let expected = match output {
            "" => "FixtureEverythingGetResponse".to_owned(),
            output => format!("FixtureEverythingGetResponse {{ {field}: {output} }}"),
        };
        assert_eq!(format!("{value:?}"), expected, "{field} {json}");
        assert_eq!(mismatches.len(), usize::from(output.is_empty()), "{field} {json}: {mismatches:?}");
    }
    // An absent value is not a mismatch.
    for (json, xml) in [("null", ""), ("\"\"", ""), ("\" \"", " ")] {
        for field in ["number", "flag", "money", "moment"] {
            let (value, mismatches) = read(&format!("\"{field}\":{json}"), &format!("<{field}>{xml}</{field}>"));
            assert_eq!((value, mismatches), Default::default(), "{field} {json}");
        }
    }
}

#[test]
fn decodes_lists_objects_and_json_from_text() {
    let response =
        decoded(r#"{"x_response":{"texts":["a,b"],"fields":"a,b","trade":"none","json":" ","map":"{\"a\":1}"}}"#);
    assert_eq!((&*response.texts, &*response.fields), (&["a,b".to_owned()][..], &["a".to_owned(), "b".to_owned()][..]));
    assert_eq!((response.json.as_ref(), response.map.clone()), (None, Some(serde_json::json!({"a": 1}))));
    let mismatches: Vec<_> = response.mismatches().iter().map(ToString::to_string).collect();
    assert_eq!(mismatches, ["trade: expected object, found \"none\""]);
    for blank in [r#""""#, r#"" ""#, "null"] {
        let response = decoded(&format!(r#"{{"x_response":{{"trade":{blank},"text":"t"}}}}"#));
        assert_eq!((response.trade.is_none(), response.mismatches()), (true, &[][..]), "{blank}");
    }
}

#[test]
fn numbers_keep_all_digits() {
    let body = r#"{"r_response":{"number":7104300007405429232,"money":0.10,"exact":1234567890.12345678901234567}}"#;
    let value = decoded(body);
    assert_eq!(value.number, Some(7_104_300_007_405_429_232));
    assert_eq!(value.money.unwrap().to_string(), "0.10");
    assert_eq!(value.exact.unwrap(), "1234567890.12345678901234567".parse::<Decimal>().unwrap());
}

#[test]
fn keeps_control_characters_in_strings() {
    let controls: String = (0..0x20_u8).chain([0x7f]).map(char::from).collect();
    let value = decoded(&format!("{{\"r_response\":{{\"text\":\"a{controls}b\",\"plain_token\":\"after\"}}}}"));
    assert_eq!(value.text.as_deref(), Some(format!("a{controls}b").as_str()));
    assert_eq!(value.plain_token.as_deref(), Some("after"));
    // Also in a key. Outside strings they are not white space.
    assert_eq!(decoded("{\"r_response\":{\"a\nb\":1,\"text\":\"t\"}}").text.as_deref(), Some("t"));
    assert!(decode::<FixtureEverythingGetRequest>("{\"r_response\":\u{1}{}}".to_owned()).is_err());
    let value = decoded("<r><text>a\n\tb\u{1}</text><plain_token>after</plain_token></r>");
    assert_eq!((value.text.as_deref(), value.plain_token.as_deref()), (Some("a\n\tb\u{1}"), Some("after")));
}

#[test]
fn ignores_text_around_the_document() {
    let json = r#"{"fixture_everything_get_response":{"text":"t"}}"#;
    let xml = "<fixture_everything_get_response><text>t</text></fixture_everything_get_response>";
    for body in [
        format!("\u{feff}{json}"),
        format!(" \r\n\t{json}\n\n"),
        format!("\r\n\u{feff} {json}"),
        json.replace(':', " : ").replace('{', "{\n"),
        format!("{xml}<!--top011023105124.center.na61-->"),
        format!("{xml}<!-- a --> \n<!-- <b> & -- -->\n"),
        format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<!-- before -->{xml}"),
        format!("<?xml version='1.0' encoding='GBK'?><!DOCTYPE x>{xml}<?pi?>"),
        format!(" \n{xml}\n"),
        xml.replace("<text>", "<text a=\"1\" xml:lang='x'>").replace("</text>", "</text >"),
        xml.replace(">t<", "><!-- a -->t<!-- b --><"),
        xml.replace(">t<", "><![CDATA[t]]><"),
    ] {
        let response = decoded(&body);
        assert_eq!((response.text.as_deref(), response.mismatches()), (Some("t"), &[][..]), "{body}");
        assert_eq!(response.body(), body);
    }
}

#[test]
fn finds_request_id_at_any_level() {
    for body in [
        r#"{"fixture_everything_get_response":{"text":"t","request_id":"4c1w"}}"#,
        r#"{"fixture_everything_get_response":{"text":"t"},"request_id":"4c1w"}"#,
        r#"{"request_id":"4c1w","text":"t"}"#,
        r#"{"text":"t","request_id":"4c1w"}"#,
        r#"{"any":{"text":"t","request_id":"4c1w"}}"#,
        "<r><text>t</text><request_id>4c1w</request_id></r>",
        "<fixture_everything_get_response><request_id>4c1w</request_id></fixture_everything_get_response>",
    ] {
        assert_eq!(decoded(body).request_id(), Some("4c1w"), "{body}");
    }
    assert_eq!(
        decoded(r#"{"r_response":{"text":"t","request_id":123456789012345678901}}"#).request_id(),
        Some("123456789012345678901")
    );
    assert_eq!(decoded(r#"{"r_response":{"text":"t"}}"#).request_id(), None);
}

/// A method whose response has a field `html`.
struct Render;

#[derive(Clone, Default)]
struct RenderResponse(Option<String>);

record!(Render {});

impl Request for Render {
    const METHOD: &'static str = "taobao.test.render";
    const RESPONSE_NODE: &'static str = "test_render_response";
    type Response = RenderResponse;
}

record! {
    mut RenderResponse {
        0 => 0: Text("html", String);
    }
}

#[test]
fn distinguishes_html_fields_from_html_pages() {
    for body in [
        r#"{"test_render_response":{"html":"<p>"}}"#,
        r#"{"html":"<p>","request_id":"r"}"#,
        "<test_render_response><html>&lt;p></html></test_render_response>",
    ] {
        assert_eq!(decode::<Render>(body.to_owned()).unwrap().0.as_deref(), Some("<p>"), "{body}");
    }
    for page in ["<html><head/><body>403</body></html>", "<!DOCTYPE HTML><p>403"] {
        let Err(Error::Decode(error)) = decode::<Render>(page.to_owned()) else { panic!("{page}") };
        assert!(error.problem.starts_with("expected JSON or XML, found an HTML page"), "{}", error.problem);
    }
}

#[test]
fn mismatch_has_path_kind_and_found() {
    let json = r#""number":"x","texts":{"a":["x"],"b":1},"numbers":[1,{"a":1},[2]],"trade":[1],"session_token":{"a":1},
        "category":{"parent":{"cid":[1]}},"moneys":["1.00","x"],"moment":"2016-13-01 00:00:00""#;
    let value = decoded(&format!("{{\"r_response\":{{{json}}}}}"));
    let reported: Vec<_> = value
        .mismatches()
        .iter()
        .map(|mismatch| {
            let list = if mismatch.list { "[]" } else { "" };
            format!("{} | {}{list} | {}", mismatch.path, mismatch.kind.name(), mismatch.found)
        })
        .collect();
    expect![[r#"
        number | Number | "x"
        texts | String[] | an object with several members
        numbers[1] | Number | an object
        numbers[2] | Number | a list
        trade | object | a list
        category.parent.cid | Number | a list
        moneys[1] | Price | "x"
        moment | Date | "2016-13-01 00:00:00""#]]
    .assert_eq(&reported.join("\n"));
    assert_eq!((value.numbers.as_slice(), value.moneys.len()), (&[1][..], 1));
}

/// Returns the kind of a body: a response, a refusal, or an error.
fn kind(body: &str) -> &'static str {
    match decode::<FixtureEverythingGetRequest>(body) {
        Ok(_) => "response",
        Err(Error::Platform(_)) => "refusal",
        Err(Error::Decode(_)) => "error",
        Err(error) => panic!("{body}: {error}"),
    }
}

#[test]
fn detects_refusals_of_other_gateways() {
    for body in [
        r#"{"type":"ISV","code":"IllegalAccessToken","message":"m","request_id":"r"}"#,
        r#"{"request_id":"r","message":"m","code":"IllegalAccessToken"}"#,
        r#"{"type":"ISV","code":"IllegalAccessToken","message":"m"}"#,
        r#"{"error_code":"IllegalAccessToken","error_msg":"m","request_id":"r"}"#,
        r#"{"errorCode":"IllegalAccessToken","errorMessage":"m","success":false}"#,
        r#"{"code":"IllegalAccessToken","message":"m","request_id":"r","text":null,"trade":{},"numbers":[]}"#,
        r#"{"code":"IllegalAccessToken","message":"m","request_id":"r","data":null,"_trace_id_":"t"}"#,
        r#"{"success":false,"code":"IllegalAccessToken","message":"m","text":"t"}"#,
        r#"{"response":{"code":"IllegalAccessToken","message":"m","request_id":"r"}}"#,
        r#"{"response":{"success":"false","code":"IllegalAccessToken","message":"m"}}"#,
        r#"{"response":{"type":"ISV","code":"IllegalAccessToken","message":"m","text":""}}"#,
        r#"{"other_response":{"code":"IllegalAccessToken","msg":"m"}}"#,
        r#"{"success":false,"error":{"code":"IllegalAccessToken","message":"m"},"request_id":"r"}"#,
        r#"{"fixture_everything_get_response":null,"code":"IllegalAccessToken","message":"m","request_id":"r"}"#,
        r#"{"error_response":{"code":"IllegalAccessToken","message":"m"}}"#,
        "<response><success>false</success><code>IllegalAccessToken</code><message>m</message></response>",
        "<response><code>IllegalAccessToken</code><message>m</message><request_id>r</request_id></response>",
        "<error><type>ISV</type><code>IllegalAccessToken</code><message>m</message></error>",
    ] {
        let error = decode::<FixtureEverythingGetRequest>(body).map(|_| ()).unwrap_err();
        let Error::Platform(error) = error else { panic!("{body}: {error}") };
        assert_eq!((&error.code, error.msg.as_str()), (&Code::from("IllegalAccessToken"), "m"), "{body}");
        let id = body.contains("request_id").then_some("r");
        assert_eq!(error.request_id.as_deref(), id, "{body}");
    }
    let body = r#"{"response":{"flag":"failure","code":15,"message":"m","sub_code":"s","sub_message":"t"}}"#;
    let Err(Error::Platform(error)) = decode::<Bare>(body) else { panic!("{body}") };
    assert_eq!(
        error.to_string(),
        "the gateway refused the call: 15 m (s: t); the service behind the gateway failed; see sub_code"
    );
}

#[test]
fn rejects_bodies_without_evidence() {
    for body in [
        r#"{"code":401,"message":"unauthorized"}"#,
        r#"{"error":{"code":401,"message":"unauthorized"}}"#,
        r#"{"status":"down"}"#,
        r#"{"data":{"rows":[1]}}"#,
        r#"{"data":{"request_id":"r"}}"#,
        r#"{"text":null}"#,
        "<r><request_id>r</request_id></r>",
        // The root node of another method.
        r#"{"other_response":{"result":true,"request_id":"r"}}"#,
        r#"{"other_response":{"request_id":"r"}}"#,
        r#"{"other_response":{"result":true},"request_id":"r"}"#,
        r#"{"other_response":{},"request_id":"r"}"#,
        r#"{"other_response":null,"request_id":"r"}"#,
        r#"{"other_response":{"text":null,"request_id":"r"}}"#,
        r#"{"meta":{},"other_response":{"result":true},"request_id":"r"}"#,
        "<other_response><result>true</result><request_id>r</request_id></other_response>",
    ] {
        assert_eq!(kind(body), "error", "{body}");
    }
    for body in [
        r#"{"TAOBAO_fixture_everything_GET_response":{"request_id":"r"}}"#,
        r#"{"response":{"flag":"success"}}"#,
        r#"{"other_response":{"text":"t"}}"#,
        r#"{"meta":{},"data":{"text":"t"}}"#,
        "<response><success>true</success><message>m</message></response>",
    ] {
        assert_eq!(kind(body), "response", "{body}");
    }
    let error = decode::<FixtureEverythingGetRequest>(r#"{"other_response":{}}"#).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot decode the response: expected fixture_everything_get_response, found other_response \
         of another method"
    );
}

/// A response without fields, or with fields named like protocol fields.
macro_rules! response {
    ($name:ident, $node:literal, $($index:literal => $field:ident: $wire:literal),*) => {
        #[derive(Clone, Default)]
        struct $name {
            $($field: Option<String>,)*
        }

        record!(mut $name { $($index => $field: Text($wire, String);)* });

        impl Request for $name {
            const METHOD: &'static str = "taobao.test";
            const RESPONSE_NODE: &'static str = $node;
            type Response = Self;
        }
    };
}

response!(
    Business,
    "test_response",
    0 => code: "code",
    1 => message: "message",
    2 => msg: "msg",
    3 => flag: "flag",
    4 => success: "success"
);
response!(Bare, "test_response", 0 => text: "text");

#[test]
fn documented_fields_may_have_protocol_names() {
    let fields = r#""code":"E1","message":"m","msg":"n","flag":"failure","success":"false""#;
    let xml = "<code>E1</code><message>m</message><msg>n</msg><flag>failure</flag><success>false</success>";
    for body in [
        format!(r#"{{"test_response":{{{fields},"request_id":"r"}}}}"#),
        format!(r#"{{{fields},"request_id":"r"}}"#),
        format!(r#"{{"data":{{{fields}}}}}"#),
        format!("<test_response>{xml}</test_response>"),
        format!("<response>{xml}</response>"),
    ] {
        let value = decode::<Business>(body.as_str()).unwrap_or_else(|error| panic!("{body}: {error}"));
        let Business { code, message, msg, flag, success } = &*value;
        let values = [code, message, msg, flag, success].map(|value| value.as_deref().unwrap_or_default());
        assert_eq!(values, ["E1", "m", "n", "failure", "false"], "{body}");
        assert_eq!(value.unknown_fields(), [], "{body}");
    }
}

/// Returns the paths of the values with replaced characters.
fn replaced<R: Request>(body: &[u8]) -> (Response<R::Response>, Vec<String>) {
    let response = decode::<R>(body.to_vec()).unwrap_or_else(|error| panic!("{error}"));
    assert!(response.mismatches().iter().all(|mismatch| mismatch.replaced), "{:?}", response.mismatches());
    let paths = response.mismatches().iter().map(|mismatch| mismatch.path.clone()).collect();
    (response, paths)
}

#[test]
fn invalid_utf8_affects_one_value() {
    let json = br#"{"fixture_everything_get_response":{"text":"a@","texts":["b","@c"],"trade":{"orders":{"x":[{"oid":1,"title":"t"},{"oid":2,"title":"@"}]}},"json":{"k":"@"},"new":{"@":1},"plain_token":"after","request_id":"r"}}"#;
    let xml = b"<fixture_everything_get_response><text>a@</text><texts><x>b</x><x>@c</x></texts><trade><orders><x><oid>1</oid><title>t</title></x><x><oid>2</oid><title>@</title></x></orders></trade><json>{\"k\":\"@\"}</json><new><k>@</k></new><plain_token>after</plain_token></fixture_everything_get_response>";
    let with = |body: &[u8], bytes: &[u8]| -> Vec<u8> {
        body.iter().flat_map(|byte| if *byte == b'@' { bytes.to_vec() } else { vec![*byte] }).collect()
    };
    for body in [&json[..], &xml[..]] {
        for (bytes, text) in
            [(&b"\xff"[..], "\u{fffd}"), (b"\xe7\xab", "\u{fffd}"), (b"\xed\xa0\xbd\xed\xb8\x80", "😀")]
        {
            let (response, paths) = replaced::<FixtureEverythingGetRequest>(&with(body, bytes));
            assert_eq!(paths, ["text", "texts[1]", "trade.orders[1].title", "json", "new"]);
            assert_eq!(response.text.as_deref(), Some(format!("a{text}").as_str()));
            assert_eq!(response.texts, ["b".to_owned(), format!("{text}c")]);
            assert_eq!(response.trade.as_ref().unwrap().orders[1].title.as_deref(), Some(text));
            assert_eq!(response.json.as_ref().unwrap()["k"], text);
            assert_eq!(response.plain_token.as_deref(), Some("after"));
            assert!(response.body().contains(text));
        }
    }
    // A mismatched value has one mismatch. Outside values the position is reported.
    let response = decode::<FixtureEverythingGetRequest>(b"{\"number\":\"1\xff\",\"text\":\"t\"}".to_vec()).unwrap();
    assert_eq!(response.mismatches().len(), 1);
    assert!(!response.mismatches()[0].replaced);
    let (_, paths) = replaced::<Bare>(b"<test_response><text>t</text></test_response><!--\xff-->");
    assert_eq!(paths, ["invalid UTF-8 at byte 49"]);
    // A refusal stays a refusal.
    let error = decode::<Bare>(b"{\"error_response\":{\"code\":15,\"msg\":\"a\xff\"}}".to_vec()).unwrap_err();
    assert_eq!(error.platform().map(|error| error.msg.as_str()), Some("a\u{fffd}"));
    // Untyped responses report replacements too.
    let body = b"{\"test_response\":{\"a\":{\"b\":\"\xff\"},\"c\":1}}".to_vec();
    let response = decode_untyped(body, "taobao.test", false).unwrap();
    assert_eq!((&response["a"]["b"], &response["c"]), (&"\u{fffd}".into(), &1.into()));
    assert_eq!(response.mismatches()[0].to_string(), "a: expected String, found invalid UTF-8 at byte 28");
}

#[test]
fn decodes_surrogate_references() {
    for (xml, text, paths) in [
        ("a&#55357;&#56832;b", "a😀b", &[][..]),
        ("a&#xD83D;&#xDE00;b", "a😀b", &[]),
        ("a&#xd83d;&#56832;", "a😀", &[]),
        ("&#55357;&#56832;&#55357;&#56832;", "😀😀", &[]),
        ("a&#55357;b", "a\u{fffd}b", &["text"]),
        ("&#56832;&#55357;", "\u{fffd}\u{fffd}", &["text"]),
        ("&#55357; &#56832;", "\u{fffd} \u{fffd}", &["text"]),
        ("&#55357;&#55357;&#56832;", "\u{fffd}😀", &["text"]),
        ("&#55357;<![CDATA[x]]>", "\u{fffd}x", &["text"]),
    ] {
        let body = format!("<test_response><text>{xml}</text></test_response>");
        let (response, found) = replaced::<Bare>(body.as_bytes());
        assert_eq!(
            (response.text.as_deref(), &found[..]),
            (Some(text), &paths.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{xml}"
        );
    }
    let (response, paths) =
        replaced::<Bare>(br#"{"test_response":{"text":"a\ud83d","b":"\ud83d\ude00","c":["\ude00"]}}"#);
    assert_eq!((response.text.as_deref(), paths), (Some("a\u{fffd}"), vec!["text".to_owned(), "c".to_owned()]));
}

#[test]
fn decodes_objects_from_text_and_single_element_lists() {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let trade = r#"{"tid":7,"orders":[{"oid":1,"bundle":"[{\"oid\":2}]"}]}"#;
    let escaped = trade.replace('<', "&lt;");
    for (json, xml) in [
        (trade.to_owned(), escaped.clone()),
        (quoted(trade), format!("<![CDATA[{trade}]]>")),
        (quoted(&format!(" {trade}\n")), format!(" {escaped} ")),
        (format!("[{trade}]"), format!("[{escaped}]")),
        (
            quoted(&format!("[{trade}]")),
            "<trade_do><tid>7</tid><orders><x><oid>1</oid><bundle><x><oid>2</oid></x></bundle></x></orders></trade_do>"
                .to_owned(),
        ),
        (
            format!(r#"{{"trade_d_o":[{trade}]}}"#),
            "<trade_d_o><tid>7</tid><orders>[{\"oid\":1,\"bundle\":{\"x\":[{\"oid\":2}]}}]</orders></trade_d_o>"
                .to_owned(),
        ),
        (
            r#"{"tid":7,"orders":"[{\"oid\":1,\"bundle\":[{\"oid\":2}]}]"}"#.to_owned(),
            "<tid>7</tid><orders><x>{\"oid\":1,\"bundle\":[{\"oid\":2}]}</x></orders>".to_owned(),
        ),
        (
            r#"{"tid":7,"orders":["{\"oid\":1,\"bundle\":[{\"oid\":2}]}"]}"#.to_owned(),
            "{\"tid\":7,\"orders\":{\"x\":[{\"oid\":1,\"bundle\":[{\"oid\":2}]}]}}".to_owned(),
        ),
    ] {
        let (value, mismatches) = read(&format!("\"trade\":{json}"), &format!("<trade>{xml}</trade>"));
        let output = "FixtureEverythingGetResponse { trade: TradeDo { tid: 7, orders: [OrderDo { oid: 1, bundle: [OrderDo { oid: 2 }] }] } }";
        assert_eq!((format!("{value:?}"), mismatches), (output.to_owned(), Vec::new()), "{json} {xml}");
    }
    for json in [r#"[{"tid":7},{"tid":8}]"#, "[1]", "[]", r#""[1]""#, r#""{\"tid\":7""#, r#""none""#, "7"] {
        let response = decoded(&format!(r#"{{"trade":{json},"text":"t"}}"#));
        assert_eq!((response.trade.is_none(), response.mismatches().len()), (true, 1), "{json}");
        assert_eq!(response.unknown_fields(), [], "{json}");
    }
    // A mismatch in embedded JSON has a path.
    let response = decoded(r#"{"trade":"{\"tid\":\"x\",\"new\":1}","text":"t"}"#);
    assert_eq!(response.mismatches()[0].path, "trade.tid");
    assert_eq!(response.unknown_fields()[0].path, "trade.new");
}

#[test]
fn embedded_json_has_the_same_limits() {
    // 3 texts with 20 levels are within the depth limit; 3 texts with 60 levels exceed it.
    let nested = |levels: usize| {
        let mut text = r#"{"cid":1}"#.to_owned();
        for _ in 0..3 {
            let within = serde_json::Value::from(text);
            text = format!("{}{{\"parent\":{within}}}{}", "{\"parent\":".repeat(levels), "}".repeat(levels));
        }
        format!(r#"{{"category":{text},"text":"t"}}"#)
    };
    let response = decoded(&nested(20));
    let (mut category, mut depth) = (response.category.as_ref().unwrap(), 1);
    while let Some(parent) = category.parent.as_ref() {
        (category, depth) = (parent, depth + 1);
    }
    assert_eq!((category.cid, depth, response.mismatches().len()), (Some(1), 64, 0));
    let response = decoded(&nested(60));
    assert_eq!((response.text.as_deref(), response.mismatches().len()), (Some("t"), 1));
    let rows = format!("[{}{{}}]", "{},".repeat(1 << 20));
    let error = decode::<Rows>(format!(r#"{{"rows_get_response":{{"rows":{}}}}}"#, serde_json::Value::from(rows)));
    let Err(Error::Decode(error)) = error.map(|response| response.0.len()) else { panic!("it is read") };
    assert!(error.path.starts_with("rows["), "{}", error.path);
}

#[test]
fn keeps_unknown_fields() {
    let output = |body: &str| -> Vec<String> {
        decoded(body).unknown_fields().iter().map(|field| format!("{field:?}")).collect()
    };
    for body in [
        r#"{"fixture_everything_get_response":{"text":"t","code":0,"new":{"a":[1]},"trade":{"orders":{"x":[{"oid":1},{"b":null}]}},"request_id":"r"}}"#,
        r#"{"text":"t","code":0,"new":{"a":[1]},"trade":{"orders":[{},{"oid":2,"b":null}]},"request_id":"r"}"#,
        r#"{"new":{"a":[1]},"code":0,"text":"t","trade":{"orders":[{},{"oid":2,"b":null}]},"request_id":"r"}"#,
        r#"{"meta":{"text":null,"x":1},"data":{"text":"t","code":0,"new":{"a":[1]},"trade":{"orders":[{},{"b":null}]}},"request_id":"r"}"#,
    ] {
        let mut fields = output(body);
        fields.retain(|field| !field.starts_with("meta"));
        fields.sort();
        assert_eq!(fields, ["code: 0", r#"new: {"a":[1]}"#, "trade.orders[1].b: null"], "{body}");
    }
    assert_eq!(
        output(
            "<fixture_everything_get_response><new><a>1</a><a>2</a></new><new_token>s3cr3t</new_token><x>{\"token\":1}</x></fixture_everything_get_response>"
        ),
        [r#"new: {"a":["1","2"]}"#, "new_token: [hidden]", r#"x: "[hidden]""#]
    );
    let response = decoded(r#"{"text":"t","request_id":"r"}"#);
    assert_eq!((response.unknown_fields(), response.dropped_unknown_fields()), (&[][..], 0));
}

#[test]
fn drops_unknown_fields_beyond_the_budget() {
    let many = r#"{"":1},"#.repeat(1 << 18);
    let body = format!(r#"{{"x_response":{{"first":1,"many":[{many}1],"last":1,"text":"t"}}}}"#);
    let response = decoded(&body);
    let paths: Vec<_> = response.unknown_fields().iter().map(|field| field.path.as_str()).collect();
    assert_eq!((paths, response.dropped_unknown_fields()), (vec!["first"], 2));
    assert_eq!((response.text.as_deref(), response.mismatches()), (Some("t"), &[][..]));
}

/// Runs the assertions of the fuzz targets on their seeds.
#[test]
fn fuzz_seeds_pass() {
    let mut count = 0;
    for (folder, before, after) in [
        ("json", "{\"fixture_everything_get_response\":{", "}}"),
        ("simplified", "{", "}"),
        ("xml", "<fixture_everything_get_response>", "</fixture_everything_get_response>"),
    ] {
        let folder = format!("{}/../../fuzz/seeds/{folder}", env!("CARGO_MANIFEST_DIR"));
        for seed in std::fs::read_dir(folder).unwrap() {
            let members = std::fs::read_to_string(seed.unwrap().path()).unwrap();
            let response = decoded(&format!("{before}{members}{after}"));
            assert_eq!(response.mismatches(), [], "{members}");
            let text = serde_json::to_string(&*response).unwrap();
            assert_eq!(serde_json::from_str::<FixtureEverythingGetResponse>(&text).unwrap(), *response, "{text}");
            count += 1;
        }
    }
    assert!(count >= 9, "{count}");
}
