//! Keys for sensitive fields (docs/protocol.md section 7.6): the client against the gateway.

use gateway::{Gateway, RunningGateway, spec};
use generated_sdk::client::secret::{KeyAge, SecretKeys, SensitiveType};
use generated_sdk::protocol::UntypedParameters;
use generated_sdk::{AppCredentials, Client};

const METHOD: &str = "taobao.top.secret.get";
const PHONE: &str = "13834566786";

async fn start() -> (RunningGateway, Client) {
    let specs = spec::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../specs").as_ref()).unwrap();
    let gateway = Gateway::builder(specs).application("12345678", "helloworld").application("2", "other secret");
    let gateway = gateway.start().await.unwrap();
    let client = client(&gateway, "12345678", "helloworld");
    (gateway, client)
}

fn client(gateway: &RunningGateway, app_key: &str, secret: &str) -> Client {
    Client::builder(gateway.url(), AppCredentials::new(app_key, secret)).build().unwrap()
}

#[tokio::test]
async fn encrypts_decrypts_and_searches() {
    let (gateway, client) = start().await;
    let keys = SecretKeys::new(&client, "code");
    for fields in [keys.for_session("s1"), keys.for_application(), keys.for_customer(1001)] {
        for (kind, text, term) in [
            (SensitiveType::Phone, PHONE, "6786"),
            (SensitiveType::Nick, "淘宝test旺旺", "test"),
            (SensitiveType::ReceiverName, "淘宝test旺旺", "旺旺"),
            (SensitiveType::Simple, "淘宝test旺旺", ""),
        ] {
            let stored = fields.encrypt(kind, text).await.unwrap();
            assert_ne!(stored, text, "{kind:?}");
            assert_eq!(fields.decrypt(kind, &stored).await.unwrap(), text, "{kind:?}");
            if !term.is_empty() {
                let token = fields.search_token(kind, term).await.unwrap();
                assert!(token != term && stored.contains(&token), "{kind:?} {stored} {token}");
            }
        }
    }
    // One key for each of the three owners: the cache serves the other calls.
    assert_eq!(gateway.calls_of(METHOD).len(), 3);
}

#[tokio::test]
async fn keys_belong_to_an_owner_and_a_version() {
    let (gateway, client) = start().await;
    let key = async |client: &Client, session: Option<&str>, parameters: &[(&str, &str)]| {
        let pairs = parameters.iter().chain(&[("random_num", "code")]);
        let parameters = pairs.fold(UntypedParameters::new(), |all, (name, value)| all.text(*name, *value));
        let response = match session {
            Some(session) => client.with_session(session).call(METHOD, parameters).await,
            None => client.call(METHOD, parameters).await,
        };
        response.map(|response| (response["secret"].to_string(), response["secret_version"].to_string()))
    };
    let current = key(&client, Some("s1"), &[]).await.unwrap();
    assert_eq!(current.1, "42");
    assert_eq!(key(&client, Some("s1"), &[("secret_version", "42")]).await.unwrap(), current);
    let previous = key(&client, Some("s1"), &[("secret_version", "-1")]).await.unwrap();
    assert_eq!(previous.1, "41");
    assert_eq!(key(&client, Some("s1"), &[("secret_version", "41")]).await.unwrap(), previous);
    let others = [
        previous.0,
        key(&client, Some("s2"), &[]).await.unwrap().0,
        key(&client, None, &[]).await.unwrap().0,
        key(&client, None, &[("customer_user_id", "1001")]).await.unwrap().0,
        key(&self::client(&gateway, "2", "other secret"), Some("s1"), &[]).await.unwrap().0,
    ];
    let all: std::collections::BTreeSet<_> = others.iter().chain([&current.0]).collect();
    assert_eq!(all.len(), others.len() + 1, "{all:?}");
    for version in ["43", "0", "-2"] {
        let error = key(&client, Some("s1"), &[("secret_version", version)]).await.unwrap_err();
        let refusal = error.platform().unwrap();
        assert_eq!((refusal.code.number(), refusal.sub_code.as_deref()), (Some(15), Some("20005")), "{version}");
    }
}

#[tokio::test]
async fn decrypts_fields_of_the_previous_version() {
    let (_gateway, client) = start().await;
    let fields = SecretKeys::new(&client, "code").for_session("s1");
    let stored = fields.encrypt_with(SensitiveType::Phone, PHONE, KeyAge::Previous).await.unwrap();
    assert!(stored.ends_with("$41$"), "{stored}");
    assert_eq!(fields.decrypt(SensitiveType::Phone, &stored).await.unwrap(), PHONE);
}

#[tokio::test]
async fn programmed_responses_come_first() {
    let (gateway, client) = start().await;
    gateway.on(METHOD).refuse(26);
    let fields = SecretKeys::new(&client, "code").for_session("s1");
    assert!(fields.encrypt(SensitiveType::Phone, PHONE).await.is_err());
}
