//! Documented fields with the names of error fields (docs/protocol.md section 4.5).

use generated_sdk::generated::record;
use generated_sdk::protocol::Error;
use generated_sdk::protocol::{Request, decode};

/// The request of a method that documents `code`, `msg`, `errcode` and `success` itself, as
/// `taobao.mtop.upload.token.get` documents the first.
struct Upload;

#[derive(Clone, Default)]
struct UploadResponse {
    code: Option<String>,
    msg: Option<String>,
    errcode: Option<i64>,
    success: Option<bool>,
}

record!(Upload {});

impl Request for Upload {
    const METHOD: &'static str = "taobao.test.upload.get";
    const RESPONSE_NODE: &'static str = "test_upload_get_response";
    type Response = UploadResponse;
}

record! {
    mut UploadResponse {
        0 => code: Text("code", String);
        1 => msg: Text("msg", String);
        2 => errcode: Number("errcode", Number);
        3 => success: Boolean("success", Boolean);
    }
}

#[test]
fn documented_error_names_do_not_make_a_refusal() {
    let fields = r#""code":"50","msg":"m","errcode":15,"success":false,"request_id":"r""#;
    let xml = "<code>50</code><msg>m</msg><errcode>15</errcode><success>false</success><request_id>r</request_id>";
    for body in [
        format!(r#"{{"test_upload_get_response":{{{fields}}}}}"#),
        // Simplified, and in another root node.
        format!("{{{fields}}}"),
        format!(r#"{{"response":{{{fields}}}}}"#),
        format!("<test_upload_get_response>{xml}</test_upload_get_response><!--top1-->"),
        format!("<response>{xml}</response>"),
    ] {
        let response = decode::<Upload>(body.clone()).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!((response.code.as_deref(), response.msg.as_deref()), (Some("50"), Some("m")), "{body}");
        assert_eq!((response.errcode, response.success), (Some(15), Some(false)), "{body}");
        assert_eq!((response.request_id(), response.mismatches()), (Some("r"), &[][..]), "{body}");
    }
    // Undocumented fields next to documented fields.
    for body in [
        r#"{"test_upload_get_response":{"errcode":0,"sub_code":"isv.x","sub_msg":"x"}}"#,
        r#"{"errcode":0,"sub_code":"isv.x","sub_msg":"x"}"#,
        r#"{"response":{"errcode":0,"sub_msg":"x"}}"#,
    ] {
        assert!(decode::<Upload>(body.to_owned()).is_ok(), "{body}");
    }
}

#[test]
fn detects_refusals_despite_documented_error_names() {
    let fields = r#""code":15,"msg":"Remote service error","sub_code":"isp.x","request_id":"r""#;
    let body = format!(r#"{{"error_response":{{{fields}}}}}"#);
    let Err(Error::Platform(error)) = decode::<Upload>(body).map(|_| ()) else { panic!("a success") };
    assert_eq!(
        (error.code.number(), error.sub_code.as_deref(), error.request_id.as_deref()),
        (Some(15), Some("isp.x"), Some("r"))
    );
}
