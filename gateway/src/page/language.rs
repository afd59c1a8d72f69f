//! The languages of the page.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};

/// The cookie with the selected language.
pub(super) const COOKIE_NAME: &str = "top-gateway-language";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    fn from_code(code: &str) -> Option<Self> {
        match code {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// Returns the selected language, or else the first one that the browser prefers.
    pub(super) fn of(selected: Option<&str>, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
        let cookies = text(COOKIE).unwrap_or_default().split(';').filter_map(|cookie| cookie.trim().split_once('='));
        let cookie = || cookies.into_iter().find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value);
        let accepted = text(ACCEPT_LANGUAGE).unwrap_or_default().split(',');
        let mut accepted = accepted.filter_map(|language| Self::from_code(language.trim().get(..2)?));
        selected
            .and_then(Self::from_code)
            .or_else(|| cookie().and_then(Self::from_code))
            .or_else(|| accepted.next())
            .unwrap_or(Self::English)
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    pub(super) fn labels(self) -> &'static Labels {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }
}

macro_rules! labels {
    ($($name:ident: $english:literal, $chinese:literal;)*) => {
        /// The texts of the page.
        #[derive(Debug)]
        pub(super) struct Labels {
            $(pub(super) $name: &'static str,)*
        }

        static ENGLISH: Labels = Labels { $($name: $english,)* };
        static CHINESE: Labels = Labels { $($name: $chinese,)* };
    };
}

labels! {
    title: "Local TOP gateway", "本地 TOP 网关";
    methods: "Methods", "方法";
    callback: "SPI: called by the platform", "SPI：平台调用应用";
    callback_hint: "Send a signed call to an application:", "向应用发送一次签名的调用：";
    calls: "Calls", "调用记录";
    search: "Search", "搜索";
    search_hint: "Method, title or parameter: trade.get, 订单, buyer_nick", "方法、标题或参数：trade.get、订单、buyer_nick";
    no_results: "No method matches.", "没有匹配的方法。";
    more_results: "Only the first results are listed: add a word.", "只列出了前面的结果：请再加一个词。";
    all_categories: "All categories", "全部分类";
    endpoint: "Gateway URL", "网关地址";
    applications: "Applications", "应用";
    export: "Export", "导出";
    export_all: "Export all", "导出全部";
    needs_session: "session required", "需要授权";
    optional_session: "session optional", "可选授权";
    no_session: "no session", "无需授权";
    deprecated: "deprecated", "已废弃";
    platform_page: "Platform page", "平台文档";
    try_it: "Try it", "调试";
    try_hint: "The gateway signs the call on the server. Leave a field empty to omit it.", "网关在服务端签名。留空的字段不发送。";
    request: "Request parameters", "请求参数";
    response_fields: "Response fields", "响应字段";
    errors: "Error codes", "错误码";
    samples: "Samples", "示例代码";
    response_samples: "Response samples", "响应示例";
    required: "required", "必填";
    example: "Example", "示例";
    values: "Values", "可选值";
    default: "Default", "默认值";
    code: "Code", "代码";
    meaning: "Meaning", "含义";
    solution: "Solution", "解决方案";
    none: "None.", "无。";
    app: "Application", "应用";
    session: "Session", "会话";
    format: "Format", "格式";
    sign_method: "Signature", "签名方法";
    send: "Send", "发送";
    string_to_sign: "String to sign", "待签名字符串";
    sent_request: "Request", "请求";
    received: "Response", "响应";
    accepted: "accepted", "成功";
    refused: "refused", "拒绝";
    not_sent: "not sent", "未发送";
    explanation: "Explanation", "原因";
    fields: "fields", "个字段";
    calls_hint: "The latest calls, from any client. The list updates by itself.", "最近的调用，来自任何客户端。列表自动更新。";
    no_calls: "No call has arrived yet. Point a client at the gateway URL.", "还没有调用。请把客户端指向网关地址。";
    messages: "Messages", "消息";
    messages_hint: "A message goes to every group of clients (TMC). Clients connect to the gateway's address with ws://.", "消息发送给每个分组的客户端（TMC）。客户端用 ws:// 连接网关的地址。";
    topic: "Topic", "主题";
    show_example: "Show the example", "填入示例";
    content: "Content", "内容";
    user_nick: "User nick (optional)", "用户昵称（可选）";
    groups: "Groups", "分组";
    group: "Group", "分组";
    connections: "Connections", "连接";
    waiting: "Waiting", "等待";
    in_flight: "In flight", "处理中";
    confirmed: "Confirmed", "已确认";
    failed: "Failed", "失败";
    no_groups: "No client has connected yet. Messages wait for the first one.", "还没有客户端连接。消息会等待第一个客户端。";
    published: "Published by clients", "客户端发布的消息";
    parameters: "Parameters", "参数";
    files: "Files", "文件";
    faults: "Faults", "故障";
    bytes: "bytes", "字节";
    secret_hint: "Set TOP_APP_SECRET before you run a sample. curl is signed already and valid for 10 minutes.", "运行示例前请设置环境变量 TOP_APP_SECRET。curl 已签名，10 分钟内有效。";
    not_found: "No such method.", "没有这个方法。";
    file_hint: "The text is the content of the file.", "文本即文件内容。";
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn selects_the_language() {
        for (selected, cookie, accepted, expected) in [
            (None, "", "", Language::English),
            (None, "", "zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            (None, "", "fr, en;q=0.5, zh", Language::English),
            (None, "a=b; top-gateway-language=en", "zh", Language::English),
            (Some("zh"), "top-gateway-language=en", "en", Language::Chinese),
            (Some("xx"), "top-gateway-language=xx", "中文", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_bytes(accepted.as_bytes()).unwrap());
            assert_eq!(Language::of(selected, &headers), expected, "{selected:?} {cookie} {accepted}");
        }
    }
}
