//! The page in a headless Chromium. Skipped without chromedriver, which is a failure under CI=true.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests panic on failure")]

#[path = "gateway/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gateway::RunningGateway;
use serde_json::{Value, json};
use support::{KEY, SECRET};
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities};

/// A chromedriver process, which is killed at the end.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts chromedriver on a free port. `None` if it is not installed and CI is not set.
    fn start() -> Option<Self> {
        let spawned = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut child) = spawned else {
            assert!(std::env::var_os("CI").is_none(), "chromedriver is missing: install chromium and chromium-driver");
            eprintln!("skipped: install chromium and chromium-driver to test the page");
            return None;
        };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse().ok()
        });
        Some(Self { child, port: port.expect("chromedriver prints its port") })
    }

    /// Opens a browser with a window of this size.
    async fn open(&self, width: u32, height: u32, dark: bool) -> WebDriver {
        let mut capabilities = DesiredCapabilities::chrome();
        // A container has neither user namespaces nor a large /dev/shm.
        for argument in
            ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"]
        {
            capabilities.add_arg(argument).unwrap();
        }
        capabilities.add_arg("--lang=en").unwrap();
        capabilities.add_arg(&format!("--window-size={width},{height}")).unwrap();
        if dark {
            capabilities.add_arg("--blink-settings=preferredColorScheme=0").unwrap();
        }
        WebDriver::new(format!("http://127.0.0.1:{}", self.port), capabilities).await.unwrap()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn open(browser: &WebDriver, gateway: &RunningGateway, path: &str) {
    browser.goto(format!("http://{}{path}", gateway.address())).await.unwrap();
}

/// Waits for an element.
async fn find(browser: &WebDriver, css: &str) -> WebElement {
    let query = browser.query(By::Css(css)).wait(Duration::from_secs(60), Duration::from_millis(50));
    query.first().await.unwrap_or_else(|error| panic!("{css}: {error}"))
}

/// Waits for an element and returns its text.
async fn text(browser: &WebDriver, css: &str) -> String {
    // The script may replace the element in between.
    for _ in 0..10 {
        if let Ok(text) = find(browser, css).await.text().await {
            return text;
        }
    }
    panic!("{css} does not stay on the page")
}

async fn fill(browser: &WebDriver, css: &str, value: &str) {
    let input = find(browser, css).await;
    input.clear().await.unwrap();
    if !value.is_empty() {
        input.send_keys(value).await.unwrap();
    }
}

async fn click(browser: &WebDriver, css: &str) {
    find(browser, css).await.click().await.unwrap();
}

async fn run(browser: &WebDriver, script: &str, arguments: Vec<Value>) -> Value {
    browser.execute(script, arguments).await.unwrap().json().clone()
}

/// Writes a screenshot for people, and checks that nothing is wider than the window.
async fn look(browser: &WebDriver, name: &str) {
    let png = browser.screenshot_as_png().await.unwrap();
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}.png")), png).unwrap();
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(run(browser, overflow, vec![]).await, json!(0), "{name}: the page is wider than the window");
}

const SEED: &str = "taobao.top.client.token.get";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_developer_finds_calls_and_debugs_a_method() {
    let Some(driver) = Driver::start() else { return };
    let gateway = support::gateway().start().await.unwrap();
    let browser = driver.open(1280, 900, false).await;

    // Search, while typing.
    open(&browser, &gateway, "/").await;
    look(&browser, "index").await;
    fill(&browser, "#query", "端top sec_token").await;
    let link = format!("#results .methods a[href='/_methods/{SEED}']");
    assert!(text(&browser, &link).await.contains(SEED));
    look(&browser, "search").await;
    click(&browser, &link).await;

    // Call the method, and see the token.
    assert_eq!(text(&browser, "h1.method").await, SEED);
    click(&browser, "#call button").await;
    text(&browser, "#result .badge.good").await;
    assert!(text(&browser, "#result .body").await.contains("\"token\": \"token\""));
    let signed = text(&browser, "#result details pre").await;
    assert!(signed.starts_with(&format!("app_key{KEY}formatjsonmethod{SEED}")), "{signed}");
    look(&browser, "method").await;

    // The samples have the values of the form.
    click(&browser, "label[for='sample-5']").await;
    fill(&browser, "input[name='p.sec_token']", "a <b>").await;
    let sample = "#samples input:checked + label + pre";
    let waiting = "return new Promise((done) => { const check = () => \
                   document.querySelector(arguments[0]).innerText.includes('a <b>') ? done(true) : setTimeout(check, 20); check(); })";
    run(&browser, waiting, vec![json!(sample)]).await;
    assert!(text(&browser, sample).await.contains("\"sec_token\": \"a <b>\""));

    // A refused call is explained.
    fill(&browser, "input[name='p.sec_token']", "").await;
    click(&browser, "#call button").await;
    let refusal = text(&browser, "#result .result.refused h3").await;
    assert!(refusal.contains("40 Missing required arguments: sec_token is required"), "{refusal}");

    // The calls of other clients appear by themselves, with the reason of a refusal.
    open(&browser, &gateway, "/_calls").await;
    assert!(text(&browser, ".call[data-number='2']").await.contains("40"));
    let wrong = generated_sdk::AppCredentials::new(KEY, "another secret");
    let client = generated_sdk::Client::builder(gateway.url(), wrong).build().unwrap();
    client.call(SEED, [("sec_token", "a")]).await.unwrap_err();
    let summary = text(&browser, ".call.refused[data-number='3'] summary").await;
    assert!(summary.contains("25") && summary.contains("Invalid Signature"), "{summary}");
    click(&browser, ".call[data-number='3'] summary").await;
    let explanation = text(&browser, ".call[data-number='3'] pre").await;
    assert!(
        explanation.contains(&format!("signed     app_key{KEY}")) && !explanation.contains(SECRET),
        "{explanation}"
    );
    // An opened call stays open when another one arrives.
    client.call(SEED, [("sec_token", "b")]).await.unwrap_err();
    text(&browser, ".call[data-number='4']").await;
    find(&browser, ".call[data-number='3'][open]").await;
    look(&browser, "calls").await;

    // A message goes to the clients of the message channel.
    click(&browser, "nav a[href='/_topics']").await;
    look(&browser, "messages").await;
    fill(&browser, "#message input[name='user_nick']", "卖家 <1>").await;
    click(&browser, "#message button").await;
    text(&browser, "#sent .badge.good").await;
    assert_eq!(gateway.messages().unclaimed(), 1);
    fill(&browser, "#message textarea", "").await;
    click(&browser, "#message button").await;
    text(&browser, "#sent .badge").await;
    look(&browser, "sent").await;

    // The other language.
    open(&browser, &gateway, "/_calls").await;
    click(&browser, "a[lang='zh']").await;
    assert_eq!(text(&browser, "h1").await, "调用记录");
    browser.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fits_on_a_phone_and_in_the_dark() {
    let Some(driver) = Driver::start() else { return };
    let gateway = support::gateway().start().await.unwrap();
    let client = support::client(gateway.address()).session("s").build().unwrap();
    let _ = client.call("taobao.trades.sold.get", [("fields", "tid")]).await;
    let _ = client.call("taobao.no.such.method.with.a.rather.long.name.get", ()).await;
    // 500 is the smallest width of a window.
    let browser = driver.open(500, 900, true).await;
    open(&browser, &gateway, "/_language?code=zh&to=/").await;
    for (name, path) in [
        ("index", "/"),
        ("search", "/?q=订单"),
        ("category", "/?category=trade"),
        ("method", "/_methods/taobao.trade.fullinfo.get"),
        ("calls", "/_calls"),
    ] {
        open(&browser, &gateway, path).await;
        look(&browser, &format!("phone-{name}")).await;
    }
    let background = "return getComputedStyle(document.body).backgroundColor";
    assert_eq!(run(&browser, background, vec![]).await, json!("rgb(18, 21, 26)"));
    browser.quit().await.unwrap();
}
