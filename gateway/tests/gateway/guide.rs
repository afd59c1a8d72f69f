//! The guide's list of methods and topics, written from the specs: `UPDATE_EXPECT=1 cargo test -p top-gateway --test gateway guide`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use codegen::categories::GROUPS;
use codegen::{model, spec};
use expect_test::expect_file;

/// Returns the chapter in one language.
fn chapter(categories: &BTreeMap<String, model::Category>, topics: &[model::Topic], chinese: bool) -> String {
    let pick = |english: &'static str, zh: &'static str| if chinese { zh } else { english };
    let mut text = format!(
        "# {}\n\n{}\n",
        pick("Methods", "方法"),
        pick(
            "The methods by group, with Chinese search words. A group is a feature of `generated-sdk` and a module of \
             `generated_sdk::api`.\nThis chapter is written by a test of `gateway` from `specs`.",
            "按组列出的方法，附检索词。每组是 `generated-sdk` 的一个 feature，也是 `generated_sdk::api` 的一个模块。\n本章由 \
             `gateway` 的一个测试根据 `specs` 写成。"
        )
    );
    for (name, english, zh, words) in GROUPS {
        let category = &categories[*name];
        let (title, search) = (pick(english, zh), pick("Search words", "检索词"));
        write!(text, "\n## {title} (`{name}`)\n\n{search}: {words}\n\n").unwrap();
        let columns = pick("| method | use | request | page |", "| 方法 | 用途 | 请求 | 文档页 |");
        writeln!(text, "{columns}\n|---|---|---|---|").unwrap();
        for api in &category.apis {
            let deprecated = api.facts.deprecated.as_ref().map(|note| format!(" ⚠ {note}")).unwrap_or_default();
            let page =
                api.facts.doc_url.as_ref().map(|url| format!("[{}]({url})", pick("page", "文档"))).unwrap_or_default();
            let (method, title, request) = (&api.method, &api.facts.title.value, &api.request.name);
            writeln!(text, "| `{method}` | {title}{deprecated} | `{name}::{request}` | {page} |").unwrap();
        }
        if category.callbacks.is_empty() {
            continue;
        }
        let note = pick(
            "The platform calls these methods of the application (SPI). Their types need the feature `spi`.",
            "以下方法由平台调用应用（SPI）。类型需要 feature `spi`。",
        );
        writeln!(text, "\n{note}\n\n{columns}\n|---|---|---|---|").unwrap();
        for callback in &category.callbacks {
            let url = callback.facts.doc_url.as_ref();
            let page = url.map(|url| format!("[{}]({url})", pick("page", "文档"))).unwrap_or_default();
            let (method, title, request) = (&callback.method, &callback.facts.title.value, &callback.request.name);
            writeln!(text, "| `{method}` | {title} | `{name}::{request}` | {page} |").unwrap();
        }
    }
    let (title, search) = (pick("Topics of messages", "消息主题"), pick("Search words", "检索词"));
    let note = pick(
        "The topics of the message channel (TMC). Their types are in `generated_sdk::api::messages`, behind the feature \
         `messages`; `TopicMessage` is the enum of all of them.",
        "消息通道（TMC）的主题。类型在 `generated_sdk::api::messages` 中，需要 feature `messages`；`TopicMessage` 是全部主题的枚举。",
    );
    let words = "订阅 推送 TMC 订单创建 付款 发货 退款 商品变更 库存变化 物流轨迹 取消授权 订购";
    write!(text, "\n## {title} (`messages`)\n\n{note}\n\n{search}: {words}\n\n").unwrap();
    let columns = pick("| topic | when | type | page |", "| 主题 | 时机 | 类型 | 文档页 |");
    writeln!(text, "{columns}\n|---|---|---|---|").unwrap();
    for topic in topics {
        let page = topic.doc_url.as_ref().map(|url| format!("[{}]({url})", pick("page", "文档"))).unwrap_or_default();
        let (name, title, message) = (&topic.topic, &topic.title, &topic.message.name);
        writeln!(text, "| `{name}` | {title} | `messages::{message}` | {page} |").unwrap();
    }
    text
}

#[test]
fn lists_every_method_by_group() {
    let specs = spec::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).unwrap();
    let model = model::resolve(&specs);
    let count = model.apis().count() + model.callbacks().count() + specs.topics.len();
    let categories: BTreeMap<_, _> =
        model.categories.into_iter().map(|category| (category.name.clone(), category)).collect();
    let mut groups: Vec<_> = GROUPS.iter().map(|(name, ..)| *name).collect();
    groups.sort_unstable();
    assert!(categories.keys().eq(&groups), "GROUPS must name each category of specs once");

    let (english, chinese) = (chapter(&categories, &model.topics, false), chapter(&categories, &model.topics, true));
    assert_eq!(chinese.lines().filter(|line| line.starts_with("| `")).count(), count);
    expect_file!["../../../docs/guide/en/src/methods.md"].assert_eq(&english);
    expect_file!["../../../docs/guide/zh/src/methods.md"].assert_eq(&chinese);
}
