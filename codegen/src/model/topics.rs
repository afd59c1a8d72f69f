//! The topics of the model.

use std::path::PathBuf;

use super::names::{self, Case};
use super::objects;
use super::types::Topic;
use crate::spec::{self, MESSAGES, Platform};

/// Resolves topics.
pub(super) fn resolve(topics: &[spec::Topic], platform: &Platform) -> Vec<Topic> {
    let mut topics: Vec<&spec::Topic> = topics.iter().collect();
    topics.sort_by(|a, b| a.spec.topic.value.cmp(&b.spec.topic.value));
    let stems: Vec<String> = topics.iter().map(|topic| stem(&topic.spec.topic.value)).collect();
    let stems: Vec<&str> = stems.iter().map(String::as_str).collect();
    let modules = names::unique_names(&stems, Case::Module);
    let structs = names::unique_message_names(&stems);
    let names = modules.into_iter().zip(structs);
    topics.into_iter().zip(names).map(|(topic, (module, name))| self::topic(topic, module, name, platform)).collect()
}

fn topic(topic: &spec::Topic, module: String, name: String, platform: &Platform) -> Topic {
    let spec = &topic.spec;
    let mut scope = objects::Scope::new([name.clone(), "Topic".to_owned()], platform);
    let content = objects::resolve(&spec.fields, &name, "", &mut scope);
    Topic {
        topic: spec.topic.value.clone(),
        title: spec.title.value.clone(),
        description: spec.description.clone(),
        deprecated: spec.deprecated.clone(),
        doc_url: spec.doc_url.clone(),
        spec: PathBuf::from("specs").join(MESSAGES).join(format!("{}.yaml", spec.topic.value)),
        module,
        message: content.root,
        objects: content.objects,
        enums: scope.enums,
    }
}

/// Returns the part of a topic's name that becomes its Rust name: without the prefix of most topics, and without a group
/// that the event repeats. `taobao_trade_TradeSuccess` is `TradeSuccess`, `taobao_top_AuthCancel` is `top_AuthCancel`.
fn stem(topic: &str) -> String {
    let stem = topic.strip_prefix("taobao_").unwrap_or(topic);
    let Some((groups, event)) = stem.rsplit_once('_') else { return stem.to_owned() };
    let (prefix, group) = groups.rfind('_').map_or(("", groups), |end| groups.split_at(end + 1));
    let repeated = event.get(..group.len()).is_some_and(|start| start.eq_ignore_ascii_case(group));
    let is_word = event.get(group.len()..).is_some_and(|rest| !rest.starts_with(|next: char| next.is_lowercase()));
    if repeated && is_word { format!("{prefix}{event}") } else { stem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_do_not_repeat_the_group() {
        for (topic, expected) in [
            ("taobao_trade_TradeSuccess", "TradeSuccess"),
            ("taobao_top_AuthCancel", "top_AuthCancel"),
            ("taobao_item_ItemmarketChange", "item_ItemmarketChange"),
            ("tmall_refund_RefundClosed", "tmall_RefundClosed"),
            ("tmall_fuwu_WorkcardInfo", "tmall_fuwu_WorkcardInfo"),
            ("fuwu_confirm_ConfirmFail", "fuwu_ConfirmFail"),
            ("taobao_trade_Trade", "Trade"),
            ("taobao_Trade", "Trade"),
            ("a_b", "a_b"),
        ] {
            assert_eq!(stem(topic), expected, "{topic}");
        }
    }
}
