//! The page: its HTML, without a browser.

use std::process::Command;

use codegen::spec::{self, Parameter, Specs, built_in_platform};
use gateway::{Gateway, RunningGateway};
use generated_sdk::{AppCredentials, Client};

use crate::support::{self, KEY, SECRET, gateway};

struct Browser {
    client: reqwest::Client,
    root: String,
}

struct Page {
    status: u16,
    headers: reqwest::header::HeaderMap,
    html: String,
}

impl Page {
    fn contains(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    fn new(gateway: &RunningGateway) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, root: format!("http://{}", gateway.address()) }
    }

    async fn get(&self, path: &str) -> Page {
        self.get_with(path, &[]).await
    }

    async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = self.client.get(format!("{}{path}", self.root));
        self.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client.post(format!("{}{path}", self.root)).body(body);
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded")).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { status, headers, html: response.text().await.unwrap() }
    }
}

async fn browser() -> (Browser, RunningGateway) {
    let gateway = gateway().start().await.unwrap();
    (Browser::new(&gateway), gateway)
}

const SEED: &str = "taobao.top.client.token.get";

/// The form of the seed's method.
fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("method", SEED),
        ("app", KEY),
        ("session", "a session"),
        ("format", "json"),
        ("sign_method", "hmac"),
        ("p.sec_token", "the token"),
    ];
    form.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    form.extend_from_slice(changes);
    form
}

#[tokio::test]
async fn the_root_is_a_page_or_a_call() {
    let (browser, _gateway) = browser().await;
    let page = browser.get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html;charset=UTF-8"));
    assert!(page.contains("<a href=\"/?category=trade\"><b>Orders</b>"), "{}", page.html);
    assert!(page.contains(&format!("<code>{}/router/rest</code>", browser.root)), "{}", page.html);
    for path in ["/?method=taobao.time.get", "/?sign=1", "/?app_key=", "/other", "/router/rest"] {
        assert!(browser.get(path).await.contains("<error_response><code>"), "{path}");
    }
    assert!(browser.post("/", &[]).await.contains("<error_response><code>21"));
}

#[tokio::test]
async fn search_finds_names_titles_and_parameters() {
    let (browser, _gateway) = browser().await;
    for (query, first, only) in [
        ("client.token", SEED, true),
        ("端topToken", SEED, true),
        ("CLIENT token", SEED, false),
        ("client sec_token", SEED, true),
        ("taobao.time.get", "taobao.time.get", true),
        ("订单 sold", "taobao.trades.sold.get", false),
        ("orders sold.increment", "taobao.trades.sold.increment.get", false),
    ] {
        let page = browser.get(&format!("/?fragment=1&q={query}")).await;
        let mut methods = page.html.split("href=\"/_methods/").skip(1).map(|rest| rest.split('"').next().unwrap());
        let found = methods.next().unwrap_or_else(|| panic!("{query}: {}", page.html));
        assert_eq!((found, methods.next().is_none()), (first, only), "{query}");
        assert!(!page.contains("<html"), "a fragment has no frame");
    }
    assert!(browser.get("/?q=nothing+like+it").await.contains("No method matches."));
    assert!(browser.get("/?q=get").await.contains("Only the first results"));
    let page = browser.get("/?category=top").await;
    assert!(page.contains(SEED) && !page.contains("taobao.time.get"), "{}", page.html);
}

#[tokio::test]
async fn describes_methods() {
    let (browser, _gateway) = browser().await;
    let page = browser.get("/_methods/taobao.trade.fullinfo.get").await;
    for text in [
        "<p class=\"lead\">查询订单详情</p>",
        "https://open.taobao.com/api.htm?docId=54&#38;docType=2",
        "name=\"p.tid\" value=\"2001000000000001\"",
        "<code>WAIT_SELLER_SEND_GOODS</code>",
        "<summary>Trade · ",
        "<summary>Order[] · ",
        "HexFormat",
        "&#34;trade_fullinfo_get_response&#34;: {",
        "&#60;trade_fullinfo_get_response&#62;",
    ] {
        assert!(page.contains(text), "{text}: {}", page.html);
    }
    let page = browser.get("/_methods/taobao.no.such.get").await;
    assert_eq!(page.status, 404);
    assert!(page.contains("No such method."));
}

/// Returns the fields of the form of a page.
fn fields(html: &str) -> Vec<(String, String)> {
    let (_, form) = html.split_once("<form id=\"call\"").unwrap();
    let form = form.split_once("</form>").unwrap().0;
    let fields = form.split("name=\"p.").skip(1).map(|field| {
        let (name, rest) = field.split_once('"').unwrap();
        let value = match rest.strip_prefix(" value=\"") {
            Some(rest) => rest.split('"').next().unwrap(),
            None => rest.split_once('>').unwrap().1.split("</textarea>").next().unwrap(),
        };
        (name.to_owned(), unescaped(value))
    });
    fields.collect()
}

/// Every shipped method has a page, and its form is filled in with values that the gateway accepts.
#[tokio::test]
async fn every_method_has_a_page_with_an_accepted_form() {
    let (browser, gateway) = browser().await;
    let mut refused = Vec::new();
    let specs = spec::read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    assert_eq!(gateway.method_count(), specs.methods.len());
    for method in specs.methods {
        let name = method.spec.method.value;
        let page = browser.get(&format!("/_methods/{name}")).await;
        assert!(page.status == 200 && page.contains("</html>"), "{name}");
        let fields: Vec<_> = fields(&page.html).into_iter().map(|(name, value)| (format!("p.{name}"), value)).collect();
        let mut form =
            vec![("method", name.as_str()), ("app", KEY), ("session", "s"), ("format", "json"), ("sign_method", "md5")];
        form.extend(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let result = browser.post("/_call?fragment=1", &form).await;
        if !result.contains("badge good") {
            refused.push(format!("{name}: {}", result.html.split("</h3>").next().unwrap()));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[tokio::test]
async fn labels_are_chinese_or_english() {
    let (browser, _gateway) = browser().await;
    let page = browser.get_with("/", &[("Accept-Language", "zh-CN,zh;q=0.9")]).await;
    assert!(page.contains("<html lang=\"zh\">") && page.contains("<b>订单</b>") && page.contains("调用记录"));
    let page = browser.get("/_language?code=zh&to=%2F_methods%2Ftaobao.time.get").await;
    assert_eq!((page.status, page.header("location")), (303, "/_methods/taobao.time.get"));
    let cookie = page.header("set-cookie").split(';').next().unwrap();
    let page = browser.get_with("/_methods/taobao.time.get", &[("Cookie", cookie), ("Accept-Language", "en")]).await;
    assert!(page.contains("待签名字符串") || page.contains("发送"), "{}", page.html);
    for to in ["//evil.test", "https://evil.test", "/%09/evil.test", "/\\evil.test", "", "/%0d%0aX: y"] {
        let page = browser.get(&format!("/_language?code=zh&to={to}")).await;
        assert_eq!(page.header("location"), "/", "{to}");
    }
}

#[tokio::test]
async fn makes_signed_calls() {
    let (browser, gateway) = browser().await;
    for (format, expected) in [
        ("json", "&#34;token&#34;: &#34;token&#34;"),
        ("simplified", "&#34;token&#34;: &#34;token&#34;"),
        ("xml", "&#60;token&#62;token&#60;/token&#62;"),
    ] {
        for sign_method in ["md5", "hmac", "hmac-sha256"] {
            let page =
                browser.post("/_call?fragment=1", &form(&[("format", format), ("sign_method", sign_method)])).await;
            assert!(page.contains("badge good") && page.contains(expected), "{}", page.html);
            assert!(page.contains("sec_tokenthe tokensessiona session"), "{}", page.html);
            assert_eq!(page.contains("{secret}app_key12345678"), sign_method == "md5", "{}", page.html);
            assert!(!page.contains("<html") && !page.contains(SECRET), "{}", page.html);
        }
    }
    assert_eq!((gateway.calls().len(), gateway.calls()[0].session()), (9, Some("a session")));
    // A missing parameter is refused by the gateway, and explained. Without the script, the result is a page.
    let page = browser.post("/_call", &form(&[("p.sec_token", "")])).await;
    assert!(
        page.contains("badge bad") && page.contains("40 Missing required arguments: sec_token is required"),
        "{}",
        page.html
    );
    assert!(page.contains("<html"), "{}", page.html);
    for (changes, problem) in [(("app", "unknown"), "unknown application"), (("p.session", "x"), "session")] {
        let page = browser.post("/_call?fragment=1", &form(&[changes])).await;
        assert!(page.contains("not sent") && page.contains(problem), "{}", page.html);
    }
    for form in [&form(&[("sign_method", "sha1")])[..], &[], &[("method", "")]] {
        assert_eq!(browser.post("/_call", form).await.status, 400);
        assert_eq!(browser.post("/_samples", form).await.status, 400);
    }
}

#[tokio::test]
async fn uploads_files_of_the_form() {
    let (browser, gateway) = browser().await;
    let method = "taobao.picture.upload";
    let page = browser.get(&format!("/_methods/{method}")).await;
    assert!(page.contains("name=\"p.img\"") && page.contains("GIF89a"), "{}", page.html);
    assert!(page.contains("curl") && !page.contains("HexFormat"), "{}", page.html);
    let form = [
        ("method", method),
        ("app", KEY),
        ("session", "s"),
        ("format", "json"),
        ("sign_method", "md5"),
        ("p.picture_category_id", "0"),
        ("p.image_input_title", "a.gif"),
        ("p.img", "GIF89a"),
    ];
    let page = browser.post("/_call?fragment=1", &form).await;
    assert!(page.contains("badge good"), "{}", page.html);
    assert_eq!(gateway.calls()[0].files["img"], [6]);
}

#[tokio::test]
async fn lists_calls_with_the_reason_of_refusals() {
    let (browser, gateway) = browser().await;
    assert!(browser.get("/_calls").await.contains("No call has arrived yet."));
    let wrong =
        Client::builder(gateway.url(), AppCredentials::new(KEY, "wrong")).session("s3cr3t-session").build().unwrap();
    let right = support::client(gateway.address()).session("s3cr3t-session").build().unwrap();
    for client in [&wrong, &right] {
        let _ = client.call(SEED, [("sec_token", "s3cr3t-token"), ("note", "<script>alert(1)</script>")]).await;
    }
    let page = browser.get("/_calls").await;
    assert!(page.contains("data-latest=\"2\"") && page.contains("badge good"), "{}", page.html);
    assert!(
        page.contains("<span class=\"badge bad\">25</span><span class=\"why\">Invalid Signature: "),
        "{}",
        page.html
    );
    assert!(page.contains("signed     app_key12345678"), "{}", page.html);
    assert!(page.contains("[hidden: 14 characters]") && !page.contains("s3cr3t"), "{}", page.html);
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script>alert"), "{}", page.html);
    assert_eq!(browser.get("/_calls?fragment=1&after=2").await.status, 204);
    let page = browser.get("/_calls?fragment=1&after=1").await;
    assert!(page.contains("data-number=\"2\"") && !page.contains("<html"), "{}", page.html);
}

#[tokio::test]
async fn is_for_this_machine_only() {
    let (browser, gateway) = browser().await;
    for path in ["/", "/?q=a", "/_calls", "/_methods/taobao.time.get", "/_page.js", "/_explain", "/_health"] {
        let page = browser.get_with(path, &[("Host", "evil.test")]).await;
        // A request for `/` is a call then.
        assert_eq!(page.status, if path.starts_with("/_") { 403 } else { 200 }, "{path}");
        assert!(!page.contains("<html"), "{path}");
    }
    let page = browser.get_with("/_calls", &[("Origin", "https://evil.test")]).await;
    assert_eq!(page.status, 403);
    assert_eq!(browser.get_with("/router/rest", &[("Host", "gateway.test")]).await.status, 200);
    assert_eq!(gateway.calls().len(), 3);
    for path in ["/", "/_calls", "/_page.css"] {
        let page = browser.get(path).await;
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self';"), "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
}

/// No text of a spec is HTML.
#[tokio::test]
async fn texts_of_specs_are_escaped() {
    const HOSTILE: &str = "<script>alert(1)</script>\\\"'</pre>{{ 7*7 }}</textarea>";
    fn set(parameters: &mut [Parameter]) {
        for parameter in parameters {
            let facts = &mut parameter.facts;
            for text in [&mut facts.description, &mut facts.example, &mut facts.default, &mut facts.deprecated] {
                *text = Some(HOSTILE.to_owned());
            }
            let mut value = parameter.name.clone();
            value.value = HOSTILE.to_owned();
            parameter.values = vec![value.clone()];
            // One parameter keeps its name, to be sent in the form.
            if parameter.name.value != "a" {
                parameter.name = value.clone();
            }
            if !parameter.fields.is_empty() {
                parameter.kind = value;
            }
            set(&mut parameter.fields);
        }
    }
    let object = "{ name: b, type: B, fields: [{ name: c, type: String }] }";
    let text = format!(
        "method: taobao.a.get\ntitle: a\ndescription: a\ndoc_url: https://a.test/\nrequest: [{{ name: a, type: String }}, {object}]\n\
         response:\n  node: a_get_response\n  fields: [{{ name: a, type: String }}, {object}]\n\
         errors: [{{ code: a, message: a, solution: a }}]\n"
    );
    let platform = built_in_platform().unwrap();
    let mut method =
        spec::parse("a", "taobao.a.get.yaml", &text, &platform).unwrap_or_else(|problem| panic!("{problem}"));
    let spec = &mut method.spec;
    for text in [&mut method.category, &mut spec.method.value, &mut spec.facts.title.value] {
        *text = HOSTILE.to_owned();
    }
    (spec.facts.description, spec.facts.deprecated) = (Some(HOSTILE.to_owned()), Some(HOSTILE.to_owned()));
    spec.facts.doc_url = Some("javascript:alert(1)".to_owned());
    set(&mut spec.request);
    set(&mut spec.response.fields);
    let error = &mut spec.facts.errors[0];
    for text in [&mut error.code, &mut error.message, &mut error.solution] {
        *text = HOSTILE.to_owned();
    }
    let specs = Specs { platform, methods: vec![method], topics: Vec::new() };
    let gateway = Gateway::builder(specs).application(KEY, SECRET).start().await.unwrap();
    let browser = Browser::new(&gateway);
    let encoded: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect::<String>().replace('+', "%20");
    let mut pages = Vec::new();
    for path in [
        "/",
        "/?q=script",
        &format!("/?q={encoded}"),
        &format!("/?category={encoded}"),
        &format!("/_methods/{encoded}"),
    ] {
        pages.push(browser.get(path).await);
        assert_eq!(pages.last().unwrap().status, 200, "{path}");
    }
    let form = [
        ("method", HOSTILE),
        ("app", KEY),
        ("session", HOSTILE),
        ("format", "json"),
        ("sign_method", "hmac"),
        ("p.a", HOSTILE),
    ];
    pages.push(browser.post("/_call", &form).await);
    pages.push(browser.post("/_samples", &form).await);
    pages.push(browser.get("/_calls").await);
    for page in &pages {
        assert!(
            !page.contains("<script>") && !page.contains("</pre>{{") && !page.contains("javascript:"),
            "{}",
            page.html
        );
        // The frame has no other script than its own file.
        let scripts = page.html.matches("<script").count();
        assert_eq!(scripts, page.html.matches("<script src=\"/_page.js\" defer></script>").count(), "{}", page.html);
    }
    assert!(pages[4].html.matches("&#60;script&#62;alert(1)").count() > 20, "{}", pages[4].html);
}

/// Decodes the entities of escaped HTML.
fn unescaped(html: &str) -> String {
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    entities.iter().fold(html.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// The programs of the page are accepted by the gateway, with values that each language must quote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sample_programs_make_accepted_calls() {
    let (browser, gateway) = browser().await;
    let value = "端 a+b&c=d \"quoted\" 'single' \\back ${x} #{y} %s {z}";
    let page = browser.post("/_samples", &form(&[("p.sec_token", value), ("format", "simplified")])).await;
    let program = |language: &str| {
        let (_, rest) = page.html.split_once(&format!(">{language}</label><pre tabindex=\"0\"><code>")).unwrap();
        unescaped(rest.split_once("</code></pre>").unwrap().0)
    };
    assert!(!page.contains(SECRET), "{}", page.html);
    assert!(program("Rust").contains(r#"("sec_token", "端 a+b&c=d \"quoted\" 'single' \\back ${x} #{y} %s {z}"),"#));
    assert!(program("PHP").contains(r#"'sec_token' => '端 a+b&c=d "quoted" \'single\' \\back ${x} #{y} %s {z}',"#));
    assert!(program("Go").contains("parameters.Set(\"sec_token\", \"端 a+b&c=d"));
    let folder = tempfile::tempdir().unwrap();
    let mut accepted = 0;
    for (language, file, command) in [
        ("curl", "sample.sh", "sh"),
        ("Python", "sample.py", "python3"),
        ("Node", "sample.mjs", "node"),
        ("Java", "Sample.java", "java"),
        ("PHP", "sample.php", "php"),
        ("Go", "sample.go", "go"),
    ] {
        let path = folder.path().join(file);
        std::fs::write(&path, program(language)).unwrap();
        let mut command = Command::new(command);
        if language == "Go" {
            command.arg("run");
        }
        command
            .arg(&path)
            .env("TOP_APP_SECRET", SECRET)
            .env("NO_PROXY", "*")
            .env("no_proxy", "*")
            .env_remove("http_proxy");
        let Ok(output) = tokio::task::spawn_blocking(move || command.output()).await.unwrap() else {
            eprintln!("skipped: {language} is not installed");
            continue;
        };
        let (text, problem) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("\"token\":\"token\""), "{language}: {text}{problem}");
        accepted += 1;
    }
    let calls = gateway.calls();
    assert_eq!(calls.len(), accepted);
    assert!(calls.iter().all(|call| call.parameter("sec_token") == Some(value)));
}

#[tokio::test]
async fn links_exports() {
    let (browser, gateway) = browser().await;
    for format in ["openapi", "postman", "json-schema"] {
        for (page, link, methods) in [
            ("/", format!("/_export/{format}"), gateway.method_count()),
            ("/?category=util", format!("/_export/{format}?category=util"), 2),
            (&format!("/_methods/{SEED}"), format!("/_export/{format}?method={SEED}"), 1),
        ] {
            assert!(browser.get(page).await.contains(&format!("href=\"{link}\"")), "{page}");
            let export = browser.get(&link).await;
            assert_eq!(export.header("content-type"), "application/json;charset=UTF-8");
            let json: serde_json::Value = serde_json::from_str(&export.html).unwrap();
            let count = match format {
                "openapi" => json["paths"].as_object().unwrap().len(),
                "postman" => {
                    json["item"].as_array().unwrap().iter().map(|folder| folder["item"].as_array().unwrap().len()).sum()
                }
                _ => json["$defs"].as_object().unwrap().keys().filter(|name| name.ends_with(".request")).count(),
            };
            assert_eq!(count, methods, "{link}");
        }
    }
    // The address is that of the gateway.
    let openapi = browser.get(&format!("/_export/openapi?method={SEED}&method=taobao.time.get")).await;
    let openapi: serde_json::Value = serde_json::from_str(&openapi.html).unwrap();
    assert_eq!(openapi["servers"][0]["url"], format!("http://{}", gateway.address()));
    assert_eq!(openapi["paths"].as_object().unwrap().len(), 2);
    for path in ["/_export/yaml", "/_export/openapi?method=taobao.no.such", "/_export/openapi?other=1"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    assert_eq!(browser.get_with("/_export/openapi", &[("Host", "evil.test")]).await.status, 403);
}
