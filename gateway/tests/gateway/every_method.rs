//! Calls of every shipped method to the gateway, in every format of responses.

use expect_test::expect;
use generated_sdk::generated::{Record, View};
use generated_sdk::protocol::{AppCredentials, Application, Paged, Request};
use generated_sdk::{Client, DateTime, Format};
use tokio::runtime::Runtime;

use crate::every_request::{self, Visit};
use crate::support::{self, client, start, start_with};

/// Calls each request and compares the responses.
struct Caller {
    runtime: Runtime,
    clients: Vec<Client>,
    methods: Vec<&'static str>,
    /// The paths of fields that are absent in the response.
    absent: Vec<String>,
    /// The number of objects and lists of objects in the responses.
    objects: usize,
}

impl Visit for Caller {
    fn visit<R: Request>(&mut self, request: R) {
        self.methods.push(R::METHOD);
        let mut values = Vec::new();
        for client in &self.clients {
            let response = self
                .runtime
                .block_on(client.execute(&request))
                .unwrap_or_else(|error| panic!("{}: {error}", R::METHOD));
            assert_eq!(response.mismatches(), [], "{}", R::METHOD);
            assert!(response.request_id().is_some(), "{}", R::METHOD);
            values.push(response.into_value());
        }
        assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{}: {values:#?}", R::METHOD);
        self.collect_absent(&values[0], R::METHOD);
    }
}

impl Caller {
    /// Collects the absent fields of a record at any depth.
    fn collect_absent(&mut self, record: &dyn Record, path: &str) {
        for (index, field) in record.schema().fields.iter().enumerate() {
            let path = format!("{path}.{}", field.name);
            match record.view(index) {
                View::Absent => self.absent.push(path),
                View::Object(object) => {
                    self.objects += 1;
                    self.collect_absent(object, &path);
                }
                View::Objects(objects) => {
                    self.objects += 1;
                    objects.iter().for_each(|object| self.collect_absent(object, &path));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn every_format_decodes_to_the_same_value() {
    let runtime = Runtime::new().unwrap();
    let (address, _) = runtime.block_on(start());
    let clients = [(Format::Json, false), (Format::Json, true), (Format::Xml, false)].map(|(format, simplify)| {
        client(address).format(format).simplify(simplify).strict(true).build().unwrap().with_session("a session")
    });
    let mut caller = Caller { runtime, clients: clients.to_vec(), methods: Vec::new(), absent: Vec::new(), objects: 0 };
    every_request::each(&mut caller).unwrap();
    assert!(caller.methods.len() >= 40, "{} methods", caller.methods.len());
    assert_eq!(caller.methods.len(), support::gateway().build().method_count(), "every spec has an example");
    assert!(caller.objects > 100, "{} objects", caller.objects);
    // An object inside an object of its type is left out. `has_next` is only returned on request.
    caller.absent.sort();
    caller.absent.dedup();
    expect![[r#"
        alibaba.shop.category.get.result.module.sub_shop_category_list
        taobao.refunds.receive.get.has_next
        taobao.special.refunds.receive.get.has_next
        taobao.traderates.get.has_next
        taobao.trades.sold.get.has_next
        taobao.trades.sold.increment.get.has_next
        taobao.trades.sold.incrementv.get.has_next
        tmall.dispute.receive.get.result.has_next"#]]
    .assert_eq(&caller.absent.join("\n"));
}

/// Reads each list to its end.
struct ListReader {
    runtime: Runtime,
    client: Client,
    /// The numbers of lists whose length the gateway sets, and of those that have an item for every minute.
    lists: (usize, usize),
    problems: Vec<String>,
}

impl Visit for ListReader {
    fn visit<R: Request>(&mut self, _: R) {}

    fn visit_list<R: Paged>(&mut self, request: R) {
        let mut items = self.client.items(request);
        let mut count = 0;
        while let Some(item) = self.runtime.block_on(items.next()) {
            match item {
                Ok(_) => count += 1,
                Err(error) => return self.problems.push(format!("{}: {error}", R::METHOD)),
            }
        }
        let windows = R::PAGING.window.is_some();
        let expected = if windows { count > 0 } else { count == LIST };
        if !expected {
            self.problems.push(format!("{}: {count} items", R::METHOD));
        }
        *if windows { &mut self.lists.1 } else { &mut self.lists.0 } += 1;
    }
}

/// The length of the lists: more than two pages of the largest size that an example has, and no multiple of a size.
const LIST: u32 = 211;

#[test]
fn pages_through_every_list() {
    let runtime = Runtime::new().unwrap();
    let (address, _) = runtime.block_on(start_with(support::gateway().list_length(LIST)));
    let client = client(address).build().unwrap().with_session("a session");
    let mut reader = ListReader { runtime, client, lists: (0, 0), problems: Vec::new() };
    every_request::each(&mut reader).unwrap();
    assert!(reader.problems.is_empty(), "{:#?}", reader.problems);
    assert!(reader.lists.0 > 5 && reader.lists.1 > 1, "{:?}", reader.lists);
}

/// Prints each request and searches the output for its secrets.
#[derive(Default)]
struct Printer {
    secrets: Vec<String>,
}

impl Visit for Printer {
    fn visit<R: Request>(&mut self, request: R) {
        let signed =
            Application::new(AppCredentials::new("k", "s")).sign(&request, Some("s3ssion"), DateTime::now()).unwrap();
        let printed = format!("{signed}\n{signed:?}");
        assert!(!printed.contains("s3ssion"), "{printed}");
        for (index, field) in request.schema().fields.iter().enumerate().filter(|(_, field)| field.secret) {
            // The example of a secret may be its name, so the value is searched for with its name.
            if let View::Text(text) = request.view(index) {
                let name = field.name;
                let value = signed.parameters().get(name);
                assert_eq!(value, Some(text), "{}.{name}", R::METHOD);
                for leak in [format!("{name}={text}"), format!("{name}: \"{text}\""), format!("\"{name}\": \"{text}\"")]
                {
                    assert!(!printed.contains(&leak), "{}: {printed}", R::METHOD);
                }
                assert!(printed.contains(&format!("{name}=[hidden]")), "{}: {printed}", R::METHOD);
                self.secrets.push(format!("{}.{name}", R::METHOD));
            }
        }
    }
}

#[test]
fn printing_a_request_hides_its_secrets() {
    let mut printer = Printer::default();
    every_request::each(&mut printer).unwrap();
    expect![[r#"
        alibaba.ascp.logistics.seller.send.delivery_mobile
        alibaba.ascp.logistics.seller.send.delivery_name
        taobao.logistics.consign.order.createandsend.s_address
        taobao.logistics.consign.order.createandsend.s_name
        taobao.logistics.consign.order.createandsend.r_address
        taobao.logistics.consign.order.createandsend.r_name
        taobao.top.oaid.client.decrypt.sec_once_token
        taobao.top.once.token.get.sec_token
        taobao.top.auth.token.create.code
        taobao.top.auth.token.refresh.refresh_token
        taobao.top.client.token.get.sec_token
        taobao.top.secret.get.random_num"#]]
    .assert_eq(&printer.secrets.join("\n"));
}
