//! Importing documents: all layouts of pages and records, and the errors.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic is a test's verdict")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use codegen::import::{self, Import, ImportStatus, Importer, Refusal};
use codegen::spec::Platform;
use expect_test::{expect, expect_file};
use proptest::prelude::*;
use tempfile::TempDir;

const PAGE: &str = include_str!("fixtures/documents/taobao.fixture.parcels.get.txt");
const PLATFORM: &str = include_str!("fixtures/specs/platform.yaml");

fn platform() -> Platform {
    codegen::spec::platform(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/specs")).unwrap()
}

fn spec_of(text: &str) -> Result<String, String> {
    import::spec_of(text, &platform()).map_err(|error| codegen::diagnostic::chain(&error))
}

/// The comments of a spec, without the first one, which is for editors.
fn comments(yaml: &str) -> Vec<&str> {
    yaml.lines().skip(1).map(str::trim).filter(|line| line.starts_with('#')).collect()
}

#[test]
fn imports_page() {
    expect_file!["fixtures/documents/taobao.fixture.parcels.get.yaml"].assert_eq(&spec_of(PAGE).unwrap());
}

/// A page with difficult cells, copied from the browser window.
#[test]
fn imports_difficult_page() {
    let page = include_str!("fixtures/documents/taobao.fixture.crates.add.txt");
    expect_file!["fixtures/documents/taobao.fixture.crates.add.yaml"].assert_eq(&spec_of(page).unwrap());
}

/// The page with `gap` between the cells of its tables.
fn with_gap(gap: &str) -> String {
    let mut table = false;
    let mut lines = Vec::new();
    for line in PAGE.lines() {
        table = line.starts_with("参数名 类型") || (table && !line.is_empty());
        let cells: &[&str] = match (table, line) {
            // Rows whose cells cannot be separated automatically, because of single spaces between and within cells.
            (true, "fields Field List 是 parcel_id,weight 要返回的字段") => {
                &["fields", "Field List", "是", "parcel_id,weight", "要返回的字段"]
            }
            (true, "start_time Date 是 2024-06-18 00:00:00 时间段的起点 以出库时间为准") => {
                &["start_time", "Date", "是", "2024-06-18 00:00:00", "时间段的起点 以出库时间为准"]
            }
            (true, "query Query 否 查询条件") => &["query", "Query", "否", "", "查询条件"],
            (true, "    limits Limit 否 上下限") => &["    limits", "Limit", "否", "", "上下限"],
            (true, "    tags String [] 否 a,b 标签") => &["    tags", "String []", "否", "a,b", "标签"],
            (true, r#"note String 否 {"a": 1, "b": [2]} 备注 可以有空格"#) => {
                &["note", "String", "否", r#"{"a": 1, "b": [2]}"#, "备注 可以有空格"]
            }
            (true, "picture byte[] 否 凭证图片") => &["picture", "byte[]", "否", "", "凭证图片"],
            (true, "parcels Parcel [] 包裹") => &["parcels", "Parcel []", "", "包裹"],
            (true, "    sender Address 寄件人") => &["    sender", "Address", "", "寄件人"],
            (true, "        city String 杭州 城市 不含省") => &["        city", "String", "杭州", "城市 不含省"],
            (true, "        phones String [] 0571 电话") => &["        phones", "String []", "0571", "电话"],
            (true, line) => {
                let indent = line.len() - line.trim_start().len();
                let cells: Vec<_> = line.split_whitespace().collect();
                lines.push(format!("{}{}", &line[..indent], cells.join(gap)));
                continue;
            }
            (false, line) => {
                lines.push(line.to_owned());
                continue;
            }
        };
        let cells: Vec<_> =
            if gap == "\t" { cells.to_vec() } else { cells.iter().copied().filter(|cell| !cell.is_empty()).collect() };
        lines.push(cells.join(gap));
    }
    lines.join("\n")
}

/// The page with one cell per line, as browsers copy nested rows.
fn with_bullets() -> String {
    let mut lines = Vec::new();
    for line in with_gap("\t").lines() {
        let depth = (line.len() - line.trim_start().len()) / 4;
        if !line.contains('\t') || depth == 0 {
            lines.push(line.replace('\t', " "));
            continue;
        }
        let cells: Vec<_> = line.split('\t').map(str::trim).collect();
        // Empty cells are lost.
        for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let marks = if index == 0 { "└".repeat(depth) + " " } else { String::new() };
            lines.push(format!("  • {marks}{cell}"));
        }
    }
    lines.join("\n")
}

#[test]
fn imports_all_layouts_of_page() {
    let expected = spec_of(PAGE).unwrap();
    let marked = |page: &str, deeper: &str| {
        page.lines()
            .map(|line| match (line.strip_prefix("        "), line.strip_prefix("    ")) {
                (Some(rest), _) if !rest.starts_with(['<', ' ']) => format!("{deeper} {rest}"),
                (_, Some(rest)) if !rest.starts_with(['<', ' ']) => format!("└ {rest}"),
                _ => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    for (shape, page) in [
        ("saved on Windows", PAGE.replace('\n', "\r\n")),
        ("tabs", with_gap("\t")),
        ("wide gaps", with_gap("    ")),
        ("marks, deeper by number", marked(PAGE, "└└")),
        ("marks, deeper by spaces", marked(PAGE, "   └")),
        ("marks and tabs", marked(&with_gap("\t"), "└└")),
        ("indented by tabs", PAGE.replace("        ", "\t\t").replace("    ", "\t")),
        ("indented by wide spaces", PAGE.replace("    ", "\u{3000}\u{3000}")),
        ("required in words", PAGE.replace(" 是 ", " 必须 ").replace(" 否 ", " 可选 ")),
        ("required as true and false", PAGE.replace(" 是 ", " true ").replace(" 否 ", " false ")),
        ("the older words", {
            PAGE.replace("参数名 类型 必须 示例值 描述", "名称 类型 是否必须 示例值 描述")
                .replace("参数名 类型 示例值 描述", "名称 类型 示例值 描述")
                .replace("\n请求参数\n", "\n请求参数：\n")
                .replace("\n响应参数\n", "\n返回参数:\n")
                .replace("请求示例代码", "请求示例")
                .replace("错误码描述", "错误码解释")
                .replace("错误消息", "错误描述")
        }),
        ("the seed's words", PAGE.replace("\n响应参数\n", "\n请求响应参数\n")),
        ("the title in brackets", PAGE.replace("get\n查询包裹\n", "get( 查询包裹 )\n")),
        ("the title in wide brackets", PAGE.replace("get\n查询包裹\n", "get （查询包裹）\n")),
        ("other labels", PAGE.replace("￥免费 需要授权 用户授权介绍 查看API收费规则", "必须用户授权")),
        ("labels below the description", {
            PAGE.replace("￥免费 需要授权 用户授权介绍 查看API收费规则\n", "")
                .replace("100 个。\n", "100 个。\n需要授权\n")
        }),
        ("spaces that do not break", PAGE.replace(" 是 ", "\u{a0}是\u{a0}")),
        ("empty lines within tables", PAGE.replace("\n    tags", "\n\n    tags")),
    ] {
        assert_eq!(spec_of(&page).unwrap_or_else(|reason| reason), expected, "{shape}\n{page}");
    }
}

#[test]
fn imports_nested_rows_with_cell_per_line() {
    let yaml = spec_of(&with_bullets()).unwrap_or_else(|reason| panic!("{reason}\n{}", with_bullets()));
    assert_eq!(yaml, spec_of(PAGE).unwrap(), "{}", with_bullets());
}

#[test]
fn infers_levels_without_indentation() {
    let page: String =
        PAGE.lines().map(|line| if line.contains('<') { line } else { line.trim_start() }.to_owned() + "\n").collect();
    let yaml = spec_of(&page).unwrap();
    let (_, response) = yaml.split_once("response:").unwrap();
    expect![[r#"

          node: fixture_parcels_get_response
          fields:
            - { name: total_results, type: Number, example: "2", description: 总数 }
            - { name: has_next, type: Boolean, example: "true", description: 有没有下一页 }
            - name: parcels
              type: Parcel[]
              description: 包裹
              fields:
                # Level inferred from the response sample.
                - { name: parcel_id, type: Number, example: "9000000000000001", description: 编号 }
                # Level inferred from the response sample.
                - { name: weight, type: BigDecimal, example: "0.52", description: 重量，单位千克 }
                # Level inferred from the response sample.
                - name: sender
                  type: Address
                  description: 寄件人
                  fields:
                    # Level inferred from the response sample.
                    - { name: city, type: String, example: 杭州, description: 城市 不含省 }
                    # Level inferred from the response sample.
                    - { name: phones, type: "String[]", example: "0571", description: 电话 }
            # Level inferred from the response sample.
            - { name: message, type: String, example: 一切正常, description: 说明 }
        errors:
          - { code: isv.parcel-not-exist, message: 没有这个包裹, solution: 检查编号 再试一次 }
          - { code: isp.busy, message: 系统忙, solution: 稍后再试 }
    "#]]
    .assert_eq(response);
    assert!(yaml.contains("  # The document does not describe `Query`; imported as Json."), "{yaml}");
}

/// A page with these rows in the table of its request.
fn page_of(header: &str, rows: &str, samples: &str) -> String {
    format!(
        "taobao.a.get\nA\n不需要授权\n\n请求参数\n\n{header}\n{rows}\n\n响应参数\n\n暂无\n\n请求示例\n\n{samples}\n\n错误码描述\n\n错误码 错误消息 解决方案\n暂无错误解释\n"
    )
}

/// The request in the spec of a page.
fn request_of(page: &str) -> String {
    let yaml = spec_of(page).unwrap();
    let (_, request) = yaml.split_once("request:").unwrap();
    request.split_once("response:").unwrap().0.trim().to_owned()
}

#[test]
fn infers_missing_cells() {
    const HEADER: &str = "参数名 类型 必须 示例值 描述";
    for (header, row, samples, expected) in [
        // Both cells are empty; the sample sets the parameter.
        (
            HEADER,
            "a String x y z 说明",
            "-d 'a=x y'",
            "# The page does not say whether it is required; every sample sets it.\n  - name: a\n    type: String\n    required: true\n    example: x y\n    description: z 说明",
        ),
        // The parameter is missing in one of two styles.
        (
            HEADER,
            "a String 1 说明\nb String 2 说明",
            "-d 'a=1'\nreq.setA(1)\nreq.setB(2)",
            "# The page does not say whether it is required; every sample sets it.\n  - name: a\n    type: String\n    required: true\n    example: \"1\"\n    description: 说明\n  - name: b\n    type: String\n    example: \"2\"\n    description: 说明",
        ),
        // Other rows are required, so this one is not.
        (
            HEADER,
            "a String 是 1 说明\nb String 2 说明",
            "-d 'a=1'\n-d 'b=2'",
            "- name: a\n    type: String\n    required: true\n    example: \"1\"\n    description: 说明\n  - name: b\n    type: String\n    example: \"2\"\n    description: 说明",
        ),
        // A single word is the example if the type accepts it, and the description if it is Chinese.
        (HEADER, "a Number 是 12", "", "- name: a\n    type: Number\n    required: true\n    example: \"12\""),
        (HEADER, "a Number 是 数量", "", "- name: a\n    type: Number\n    required: true\n    description: 数量"),
        (
            HEADER,
            "a Number 是 数量 不含税",
            "",
            "- name: a\n    type: Number\n    required: true\n    description: 数量 不含税",
        ),
        (
            HEADER,
            "a Boolean true 是否\nb String 1 值",
            "",
            "- name: a\n    type: Boolean\n    example: \"true\"\n    description: 是否\n  - name: b\n    type: String\n    example: \"1\"\n    description: 值",
        ),
        (
            HEADER,
            "a String 是 麦包包 卖家昵称",
            "",
            "# The page does not say where the example ends and the description begins.\n  - name: a\n    type: String\n    required: true\n    example: 麦包包\n    description: 卖家昵称",
        ),
        // A description with two lines.
        (
            HEADER,
            "a String 是 1 说明\n还有一行",
            "",
            "- name: a\n    type: String\n    required: true\n    example: \"1\"\n    description: |-\n      说明\n      还有一行",
        ),
        // No column of examples.
        (
            "参数名 类型 必须 描述",
            "a String 是 说明 两个词",
            "",
            "- name: a\n    type: String\n    required: true\n    description: 说明 两个词",
        ),
        // Limits, on the first line and on separate lines.
        (
            "名称 类型 是否必须 示例值 更多限制 描述",
            "a String 必须 x 最大长度：20 说明",
            "",
            "- name: a\n    type: String\n    required: true\n    max_length: 20\n    example: x\n    description: 说明",
        ),
        (
            "名称 类型 是否必须 示例值 更多限制 描述",
            "a Number [] 可选\n  • 最大列表长度：999\n  • 说明\nb Number 可选 300\n  • 默认值：300\n  • 最大值:500\n  • 比例",
            "",
            "- name: a\n    type: Number[]\n    max_list_size: 999\n    description: 说明\n  - name: b\n    type: Number\n    max_value: 500\n    default: \"300\"\n    example: \"300\"\n    description: 比例",
        ),
        (
            "名称\t类型\t是否必须\t示例值\t更多限制\t描述",
            "a\tNumber\t必须\t5\t最小值：1 最大值：9\t说明",
            "",
            "- name: a\n    type: Number\n    required: true\n    min_value: 1\n    max_value: 9\n    example: \"5\"\n    description: 说明",
        ),
        (HEADER, "暂无参数", "", "[]"),
        (HEADER, "", "", "[]"),
    ] {
        assert_eq!(request_of(&page_of(header, row, samples)), expected, "{row}");
    }
}

#[test]
fn imports_unusual_rows() {
    const SPACES: &str = "参数名 类型 必须 示例值 描述";
    const TABS: &str = "参数名\t类型\t必须\t示例值\t描述";
    for (header, rows, expected) in [
        // Unusual marks.
        (TABS, "a\tA\t是\t\t甲\n-- b\tString\t否\t1\t乙", "fields:\n      - name: b\n"),
        (SPACES, "a A 是 甲\n|- b B 否 乙\n|--- c String 否 1 丙", "fields:\n      - name: b\n"),
        (SPACES, "a A 是 甲\n└── b B 否 乙\n└└── c String 否 1 丙", "        fields:\n          - name: c\n"),
        // Invisible characters.
        (TABS, "a\u{200b}\tString\t是\t1\t甲", "- name: a\n"),
        // A missing name, and a name with a space.
        (TABS, "\tString\t是\t1\t甲", "# Left out of the request: a parameter without a name."),
        // Gaps show which cells are missing.
        (
            "参数名  类型  必须  示例值  描述",
            "a  String  否  blue sky  说明\nb  String  否  blue  sky 说明",
            "example: blue sky",
        ),
        (
            "参数名  类型  必须  示例值  描述",
            "a  String  blue  sky 说明 二",
            "example: blue\n    description: sky 说明 二",
        ),
        // An example with several words before a Chinese description.
        (SPACES, "a String 是 red dress 关键词", "example: red dress\n    description: 关键词"),
        (SPACES, "a String 是 x y z", "# The page does not say where the example ends"),
        // Values of each type.
        (SPACES, "a Date 是 2020-01-01 开始", "example: \"2020-01-01\"\n    description: 开始"),
        (SPACES, "a Date 是 2020-01-01 00:00 开始", "example: \"2020-01-01 00:00\"\n"),
        (SPACES, "a Date 是 2020/01/01 00:00:00 开始", "example: 2020/01/01 00:00:00\n"),
        (
            SPACES,
            "a String 是 2020-01-01 00:00:00.000 开始 时间",
            "example: \"2020-01-01 00:00:00.000\"\n    description: 开始 时间",
        ),
        (SPACES, "a Price 是 100.00元 价格", "example: 100.00元\n"),
        (SPACES, "a Number[] 是 1，2，3 编号", "example: 1，2，3\n"),
        (SPACES, "a Boolean 是 True 是否", "example: \"True\"\n"),
        (SPACES, "a Boolean 是 是否 要", "type: Boolean\n    required: true\n    description: 是否 要"),
        (SPACES, "a A 是 A 甲\n    b String 是 1 乙", "type: A\n    required: true\n    description: 甲\n    fields"),
        (SPACES, "a Json 是 {\"a\":1}x 甲", "example: '{\"a\":1}x'\n    description: 甲"),
        // An unknown column, and a column of defaults.
        ("参数名\t类型\t级别\t默认值\t描述", "a\tString\tR1\tx\t甲", "default: x\n    description: 甲"),
        // A scalar has no fields.
        (
            SPACES,
            "q String 是 x 甲\n    a Number 是 1 乙",
            "# Indented below `q`, which is not an object; imported on the same level.\n  - name: a\n",
        ),
        // The page does not show which rows are fields.
        (
            SPACES,
            "a A 是 甲\nb Number 是 1 乙",
            "# The page indents no rows; the rows below may be fields of this object.\n",
        ),
        // Descriptions that contain markers of empty cells.
        (SPACES, "a String 是 x 甲\n无\n-\n暂无其他", "甲\n      无\n      -\n      暂无其他"),
        (SPACES, "a String 是 x 甲\n• 乙\n• 丙", "example: x 甲\n    description: |-\n      乙\n      丙"),
        (SPACES, "a String 1 甲", "# The page does not say which parameters are required."),
    ] {
        let yaml = spec_of(&page_of(header, rows, "")).unwrap_or_else(|reason| panic!("{reason}: {rows}"));
        assert!(yaml.contains(expected), "{rows}\n{yaml}");
    }
    let refused = spec_of(&page_of(TABS, "a\tString\t是\t1\t甲\nc d\tString\t是\t1\t乙", "")).unwrap_err();
    assert_eq!(refused, "invalid parameter name `c d` in request");
}

#[test]
fn infers_levels_from_partial_sample() {
    let rows = "result Result 结果\nid Number 1 编号\nextra String x 附加\nname String 甲 名称\ntotal Number 2 总数";
    let sample = "<a_get_response><result><id>1</id><name>甲</name></result><total>2</total></a_get_response>";
    let page = page_of("参数名 类型 描述", "暂无", "")
        .replace("响应参数\n\n暂无\n", &format!("响应参数\n\n参数名 类型 示例值 描述\n{rows}\n\n响应示例\n{sample}\n"));
    let yaml = spec_of(&page).unwrap();
    let response = &yaml[yaml.find("response:").unwrap()..];
    expect![[r#"
        response:
          node: a_get_response
          fields:
            - name: result
              type: Result
              description: 结果
              fields:
                # Level inferred from the response sample.
                - { name: id, type: Number, example: "1", description: 编号 }
                # Level inferred from the row above: the response sample does not have this field.
                - { name: extra, type: String, example: x, description: 附加 }
                # Level inferred from the response sample.
                - { name: name, type: String, example: 甲, description: 名称 }
            # Level inferred from the response sample.
            - { name: total, type: Number, example: "2", description: 总数 }
    "#]]
    .assert_eq(response);
}

#[test]
fn recognizes_headings_and_heads() {
    let page = page_of("参数名 类型 必须 描述", "a String 是 x", "");
    let expected = spec_of(&page).unwrap();
    for (from, to) in [
        ("\n请求参数\n", "\n请求参数（业务级）：\n"),
        ("\n请求参数\n", "\n二、请求参数\n"),
        ("\n请求参数\n", "\n## 2. 请求参数\n"),
        ("taobao.a.get\nA", "API名称：taobao.a.get\nA"),
        ("taobao.a.get\nA", "taobao.a.get\n( A )"),
        ("taobao.a.get\nA", "• taobao.a.get（A）"),
        ("taobao.a.get\nA", "< 返回列表\ntaobao.a.get\nA"),
        ("taobao.a.get\nA", "[返回] 首页\ntaobao.a.get\nA"),
        ("不需要授权", "￥免费 | 不需要授权\n更新时间：2024-01-01"),
    ] {
        assert_eq!(spec_of(&page.replacen(from, to, 1)).unwrap_or_else(|reason| reason), expected, "{to}");
    }
    let missing = page.replacen("\n请求参数\n", "\n其他\n", 1).replace(" 必须 ", " 要求 ");
    assert_eq!(
        spec_of(&missing).unwrap_err(),
        "the section 请求参数 is missing: expected the heading and a table, or 无 if there are no parameters"
    );
    let menu = page.replacen("taobao.a.get", "taobao.b.get\ntaobao.a.get", 1);
    assert_eq!(
        spec_of(&menu).unwrap_err(),
        "expected one method at the top of the page, found taobao.b.get, taobao.a.get"
    );
    let called = menu.replacen("请求示例\n", "请求示例\n-d 'method=taobao.a.get'\n", 1);
    assert_eq!(spec_of(&called).unwrap(), expected);
}

#[test]
fn imports_error_codes() {
    let page = |rows: &str| page_of("参数名 类型 描述", "a String x", "").replace("暂无错误解释", rows);
    for (rows, expected) in [
        ("27 Invalid session 重新授权", "  - { code: \"27\", message: Invalid session, solution: 重新授权 }\n"),
        ("isv.a 没有 检查 再试", "  - { code: isv.a, message: 没有, solution: 检查 再试 }\n"),
        ("isv.a 没有 检查\n2. 再试", "  - { code: isv.a, message: 没有, solution: 检查 2. 再试 }\n"),
        ("isv.a bad thing", "  - { code: isv.a, message: bad thing }\n"),
    ] {
        let yaml = spec_of(&page(rows)).unwrap();
        assert!(yaml.ends_with(&format!("errors:\n{expected}")), "{rows}\n{yaml}");
    }
    assert!(!spec_of(&page("暂无错误解释")).unwrap().contains("errors:"));
}

/// Each input takes minutes if a step has quadratic time.
#[test]
fn hostile_documents_take_linear_time() {
    let page = |rows: &str, samples: &str| page_of("参数名 类型 必须 描述", rows, samples);
    let described = |text: &str| record(&format!(r#"{{"name":"a","type":"String","description":"{text}"}}"#), "");
    let many = 500_000;
    let fields =
        (0..5000).map(|index| format!(r#"{{"name":"f{index}","type":"String"}}"#)).collect::<Vec<_>>().join(",");
    let object = |name: &str| {
        format!(r#"{{"name":"{name}","type":"T","subParams":[{{"name":"u","type":"U","subParams":[{fields}]}}]}}"#)
    };
    let again = (0..9000).map(|index| format!(r#"{{"name":"t{index}","type":"T"}}"#)).collect::<Vec<_>>().join(",");
    for text in [
        described(&"&".repeat(many)),
        described(&"1<2 ".repeat(many / 4)),
        described(&"<a ".repeat(many / 3)),
        described(&"<!--".repeat(many / 4)),
        page("a String 是 x", "").replace("暂无错误解释", &"继续\n".repeat(many / 7)),
        page("a String 是 x", "").replace("暂无\n", &format!("暂无\n\n响应示例\n{}", "{\"a\":".repeat(many / 5))),
        page(&"p String 1\n".repeat(20_000), &(0..20_000).map(|index| format!("-d 'p={index}'\n")).collect::<String>()),
        record(&format!(r#"{{"name":"a","type":"{}"}}"#, "List<".repeat(many / 5)), ""),
        record(&[object("a"), object("b"), again].join(","), ""),
    ] {
        let _ = spec_of(&text);
    }
}

#[test]
fn imports_authorization_of_page() {
    for (label, authorization) in [
        ("免费 不需要授权", "\nauthorization: none\n"),
        ("增值API 可选授权", "\nauthorization: optional\n"),
        ("收费 需要授权 用户授权介绍", "\nauthorization: required\n"),
    ] {
        let page = page_of("参数名 类型 描述", "a String x", "").replace("不需要授权", label);
        assert!(spec_of(&page).unwrap().contains(authorization), "{label}");
    }
    for (samples, note) in [
        ("", "# The page does not say whether a call needs a session; it has no samples."),
        (
            "execute(req, sessionKey)",
            "# The page does not say whether a call needs a session; some of its samples pass one.",
        ),
    ] {
        let page = page_of("参数名 类型 必须 描述", "a String 是 x", samples).replace("不需要授权\n", "");
        assert_eq!(comments(&spec_of(&page).unwrap()), [note]);
    }
}

/// A record with these parameters in its request and its response.
fn record(request: &str, response: &str) -> String {
    format!(
        r#"{{"name":"taobao.a.get","apiChineseName":"A","description":"","labels":[{{"displayName":"不需用户授权"}}],"requestParams":[{request}],"responseParams":[{response}]}}"#
    )
}

#[test]
fn leaves_out_empty_values_of_record() {
    for text in ["-", "null", " -- ", "无", "N/A"] {
        let with = format!(
            r#"{{"name":"a","type":"String","description":"{text}","demoValue":"{text}","defaultValue":"{text}"}}"#
        );
        let without = r#"{"name":"a","type":"String"}"#;
        assert_eq!(spec_of(&record(&with, &with)), spec_of(&record(without, without)), "{text:?}");
    }
}

#[test]
fn imports_record() {
    let record = r#"{
        "name": "taobao.fixture.parcel.get", "apiChineseName": "查询&amp;包裹", "description": "第一行<br/>第二行<b>!</b>",
        "labels": [{"displayName": "￥免费", "key": "2"}, {"displayName": "可选用户授权", "key": "x"}],
        "envConfigs": [{"env": "正式环境", "httpUrl": "", "httpsUrl": "https://elsewhere.example/router"}],
        "errorCodes": [{"errorCode": "isv.a:b", "errorMsg": "没有", "solution": "<p>检查</p>"}, {"errorCode": "", "errorMsg": "x"}],
        "requestParams": [
            {"name": "parcel_id", "type": "Number", "required": true, "demoValue": "123", "minValue": 1, "maxValue": null},
            {"name": "kinds", "type": "String []", "maxListSize": 20, "demoValue": "a,b", "defaultValue": "a", "description": "种类"},
            {"name": "box", "type": "Box", "demoValue": "Box", "required": true, "subParams": [
                {"name": "size", "type": "Price", "required": true, "demoValue": "1.50"}
            ]}
        ],
        "responseParams": [{"name": "ok", "type": "Boolean", "demoValue": "true", "required": true, "maxLength": 5}],
        "rspSampleJson": "{\"fixture_parcel_query_response\": {}}"
    }"#;
    expect![[r##"
        # yaml-language-server: $schema=../method.schema.json
        # The document's gateway https://elsewhere.example/router is not in platform.yaml.
        # The document states this root node; the method's name implies fixture_parcel_get_response.
        # Left out: an error without a code.
        method: taobao.fixture.parcel.get
        title: 查询&包裹
        description: |-
          第一行
          第二行!
        authorization: optional
        https_only: true
        request:
          - name: parcel_id
            type: Number
            required: true
            min_value: 1
            example: "123"
          - name: kinds
            type: String[]
            max_list_size: 20
            default: a
            example: a,b
            description: 种类
          - name: box
            type: Box
            required: true
            fields:
              - name: size
                type: Price
                required: true
                example: "1.50"
        response:
          node: fixture_parcel_query_response
          fields:
            - { name: ok, type: Boolean, example: "true" }
        errors:
          - { code: "isv.a:b", message: 没有, solution: 检查 }
    "##]]
    .assert_eq(&spec_of(record).unwrap());
}

#[test]
fn normalizes_records() {
    let parameter = |name: &str, kind: &str, more: &str| format!(r#"{{"name":"{name}","type":"{kind}"{more}}}"#);
    let fields = |fields: &str| format!(r#","subParams":[{fields}]"#);
    let leaf = parameter("x", "String", "");
    for (request, response, expected) in [
        // Types.
        (
            parameter("a", "", ""),
            String::new(),
            "  # The document has no type; imported as String.\n  - name: a\n    type: String\n",
        ),
        (
            parameter("a", "null", &fields(&leaf)),
            String::new(),
            "  # The document has no type; imported as A.\n  - name: a\n    type: A\n    fields:",
        ),
        (parameter("a", "List<Long>", ""), String::new(), "    type: Number[]\n"),
        (
            parameter("a", "Order<Item>", &fields(&leaf)),
            String::new(),
            "  # The document's spelling of the type is `Order<Item>`.\n  - name: a\n    type: OrderItem\n",
        ),
        (
            parameter("a", "String[][]", ""),
            String::new(),
            "  # The document's type is String[][], a list of lists; imported as Json.\n  - name: a\n    type: Json\n",
        ),
        (
            parameter("a_price", "Price []", &fields(&leaf)),
            String::new(),
            "  # The document's type is Price, but it has fields; renamed to APrice[].\n  - name: a_price\n    type: APrice[]\n",
        ),
        (
            parameter("a", "Item", ""),
            String::new(),
            "  # The document does not describe `Item`; imported as Json.\n  - name: a\n    type: Json\n",
        ),
        (parameter("a", "Item []", ""), String::new(), "    type: Json[]\n"),
        (
            parameter("reentry.employee.account", "byte[]", ""),
            String::new(),
            "  - name: reentry.employee.account\n    type: byte[]\n",
        ),
        // An object with one description and a reference, and one with two descriptions.
        (
            format!("{},{}", parameter("a", "Item", &fields(&leaf)), parameter("b", "Item[]", "")),
            String::new(),
            "  - name: b\n    type: Item[]\n",
        ),
        (
            format!(
                "{},{},{}",
                parameter("a", "Item", &fields(&leaf)),
                parameter("b", "Item", &fields(&parameter("y", "Date", ""))),
                parameter("c", "Item", "")
            ),
            String::new(),
            "  # The document has several descriptions of `Item`; this is the first.\n  - name: c\n    type: Item\n    fields:\n      - name: x\n",
        ),
        // A recursive object.
        (
            parameter("a", "Node", &fields(&parameter("next", "Node", r#","required":true"#))),
            String::new(),
            "      # Required in the document; optional here because an object cannot require itself.\n      - name: next\n        type: Node\nresponse",
        ),
        // Names.
        (
            format!("{leaf},{}", parameter("x", "Number", "")),
            String::new(),
            "# Left out of the request: a second `x` of type Number.\nmethod",
        ),
        (
            format!("{leaf},{}", parameter("", "Number", "")),
            String::new(),
            "# Left out of the request: a parameter without a name.\nmethod",
        ),
        (
            parameter("app_key", "String", ""),
            String::new(),
            "# Left out of the request: `app_key`, a public parameter.\nmethod",
        ),
        (parameter("\u{200b}a \u{a0}", "String", ""), String::new(), "  - name: a\n"),
        (parameter("类型", "String", ""), String::new(), "  - name: 类型\n"),
        // Limits.
        (
            parameter("a", "Number", r#","maxLength":20"#),
            String::new(),
            "  # Left out: the document's maximum length 20, which does not apply to a Number.\n  - name: a\n    type: Number\nresponse",
        ),
        (
            parameter("a", "String", r#","maxLength":0,"maxListSize":-1"#),
            String::new(),
            "  - name: a\n    type: String\nresponse",
        ),
        (
            parameter("a", "Number", r#","minValue":9,"maxValue":1"#),
            String::new(),
            "  # Left out: the document's minimum 9 and maximum 1, which exclude every value.\n  - name: a\n    type: Number\nresponse",
        ),
        (
            parameter("a", "String", r#","maxLength":3,"demoValue":"abcd""#),
            String::new(),
            "  # Left out: the document's example, which violates its limits: abcd\n  - name: a\n    type: String\n    max_length: 3\nresponse",
        ),
        (
            parameter("a", "Number", r#","maxValue":3,"demoValue":"4""#),
            String::new(),
            "  # Left out: the document's example, which violates its limits: 4\n",
        ),
        // Texts.
        (
            parameter("a", "String", r#","description":"a\u0000b\u0007c\u202ed\t e""#),
            String::new(),
            "    description: abcd e\n",
        ),
        (parameter("a", "String", r#","demoValue":" {\"a\": [1]} ""#), String::new(), "    example: '{\"a\": [1]}'\n"),
        (parameter("a", "String", r#","demoValue":12.5"#), String::new(), "    example: \"12.5\"\n"),
        (
            parameter("a", "String", r#","demoValue":"&lt;a&gt;&quot;","defaultValue":"&amp;""#),
            String::new(),
            "    default: \"&\"\n    example: '<a>\"'\n",
        ),
        // Unexpected types of values.
        (parameter("a", "String", r#","required":"true""#), String::new(), "    required: true\n"),
        (parameter("a", "String", r#","required":1"#), String::new(), "    required: true\n"),
        (
            parameter("a", "String", r#","required":"perhaps""#),
            String::new(),
            "  # Left out: the document's required `perhaps`.\n",
        ),
        (
            parameter("a", "Number", r#","minValue":"1,000","maxValue":"99.5""#),
            String::new(),
            "  # Left out: the document's maxValue `99.5`.\n  - name: a\n    type: Number\n    min_value: 1000\nresponse",
        ),
        (
            parameter("a", "Number", r#","maxValue":99999999999999999999"#),
            String::new(),
            "  # Left out: the document's maxValue `",
        ),
        (
            parameter("a", "Number", r#","defaultValue":"没有""#),
            String::new(),
            "  # Left out: the document's default, which is not a Number: 没有\n",
        ),
        (
            parameter("a", "Price", r#","minValue":1,"maxValue":1,"defaultValue":"1""#),
            String::new(),
            "    min_value: 1\n    max_value: 1\n    default: \"1\"\n",
        ),
        (parameter("a", "Number", r#","required":false"#), String::new(), "    type: Number\nresponse"),
        (
            parameter("a", "Json", r#","maxLength":3,"demoValue":"[1,2]""#),
            String::new(),
            "    max_length: 3\n    example: \"[1,2]\"\n",
        ),
        (parameter("a", "List<List<Long>>", ""), String::new(), "a list of lists; imported as Json."),
        // Fields of responses are neither required nor limited.
        (
            String::new(),
            parameter("a", "String", r#","required":true,"maxLength":3"#),
            "    - { name: a, type: String }\n",
        ),
    ] {
        let yaml =
            spec_of(&record(&request, &response)).unwrap_or_else(|reason| panic!("{reason}: {request} {response}"));
        assert!(yaml.contains(expected), "{request} {response}\n{yaml}");
    }
}

#[test]
fn refuses_invalid_documents() {
    let deep =
        |depth: usize| (0..depth).map(|level| format!("{}a{level} Object x\n", " ".repeat(level))).collect::<String>();
    const NO_METHOD: &str = "no method found: expected a line that begins with its name, such as taobao.trade.close";
    for (text, reason) in [
        ("", "the file is empty"),
        (" \n\t\n", "the file is empty"),
        ("<!DOCTYPE html><html>", NO_METHOD),
        ("hello world", NO_METHOD),
        ("\u{fffd}\u{1}\u{2}", NO_METHOD),
        (
            "taobao.a.get\nA\n",
            "the section 请求参数 is missing: expected the heading and a table, or 无 if there are no parameters",
        ),
        (
            "taobao.a.get\nA\n请求参数\na String 是\n响应参数\n无",
            "cannot read the section 请求参数: expected a header such as 参数名 类型 必须 示例值 描述, found \"a String 是\"",
        ),
        (
            &page_of("参数名 类型 描述", "nothing of the kind", ""),
            "cannot read the table in 请求参数: expected rows that begin with a name and a type, found \"nothing of the kind\"",
        ),
        (
            "taobao.a.get\nA\n请求参数\n\n响应参数\n无",
            "the section 请求参数 is empty: expected a table, or 无 if there are no parameters",
        ),
        (
            &page_of("参数名 类型 描述", "a String x\n结构 B\n字段 类型 描述\nb String y", ""),
            "expected one table in the section 请求参数, found a second below \"结构 B\"; move it to a section of its own",
        ),
        (
            "{\"name\":\"../../x\",\"requestParams\":[]}",
            "invalid method name `../../x`: expected a name such as taobao.trade.close",
        ),
        (&record(r#"{"name":"a b","type":"String"}"#, ""), "invalid parameter name `a b` in request"),
        (&record(r#"{"name":"a:b","type":"String"}"#, ""), "invalid parameter name `a:b` in request"),
        (&record(r#"{"name":"a","type":"***"}"#, ""), "invalid type `***` of request.a"),
        (
            &record(
                r#"{"name":"a","type":"A","required":true,"subParams":[{"name":"b","type":"B","required":true,"subParams":[{"name":"c","type":"A","required":false}]},{"name":"d","type":"C","required":true}]},{"name":"e","type":"C","subParams":[{"name":"f","type":"A","required":true}]}"#,
                "",
            ),
            "the imported spec is invalid: `C` requires itself, so no value of it can exist; and 1 more",
        ),
        (&page_of("参数名 类型 描述", &deep(40), ""), "`a32` is nested too deeply: expected at most 32 levels"),
    ] {
        assert_eq!(spec_of(text).unwrap_err(), reason, "{text}");
    }
}

/// Creates a folder of specs with a platform, and a folder of documents.
fn folders() -> (TempDir, PathBuf, PathBuf) {
    let folder = TempDir::new().unwrap();
    let (specs, documents) = (folder.path().join("specs"), folder.path().join("documents"));
    fs::create_dir_all(&specs).unwrap();
    fs::create_dir_all(&documents).unwrap();
    fs::write(specs.join("platform.yaml"), PLATFORM).unwrap();
    (folder, specs, documents)
}

fn put(folder: &Path, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn all(specs: &Path, documents: &Path, category: Option<&str>) -> Vec<Result<Import, Refusal>> {
    let (paths, refusals) = import::documents(&[documents.to_owned()]);
    assert!(refusals.is_empty(), "{refusals:?}");
    Importer::new(specs).unwrap().import(&paths, category, || {})
}

fn outcomes(results: &[Result<Import, Refusal>]) -> Vec<String> {
    let outcome = |result: &Result<Import, Refusal>| match result {
        Ok(import) => {
            let state = match &import.status {
                ImportStatus::New => "new".to_owned(),
                ImportStatus::Unchanged => "unchanged".to_owned(),
                ImportStatus::Broken => "broken".to_owned(),
                ImportStatus::Changed(differences) => {
                    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
                }
            };
            format!("{}: {state}", import.path.display())
        }
        Err(refusal) => format!("{}: {}", refusal.document.file_name().unwrap().to_string_lossy(), refusal.reason()),
    };
    results.iter().map(outcome).collect()
}

fn write(specs: &Path, results: &[Result<Import, Refusal>]) {
    let changes: Vec<_> = results.iter().flatten().map(Import::change).collect();
    codegen::output::apply(specs, &changes).unwrap();
}

#[test]
fn refuses_other_files() {
    let (_folder, specs, documents) = folders();
    put(&documents, "a.txt", b"\xff\xfea\0b\0");
    put(&documents, "b.txt", b"taobao.a.get\n\xb2\xe9\xd1\xaf");
    put(&documents, "c.txt", b"PK\x03\x04\x00\x00");
    let large = fs::File::create(documents.join("d.txt")).unwrap();
    large.set_len(50 << 20).unwrap();
    put(&documents, "e.txt", "");
    put(&documents, "f.json", "{\"name\": \"package\", \"version\": \"1\"}");
    put(&documents, "README.md", "no document");
    put(&documents, ".hidden.json", "no document");
    put(&documents, "g/h.json", record("", ""));
    expect![[r#"
        a.txt: the file is UTF-16; save it as UTF-8
        b.txt: invalid UTF-8 at byte 13; save the file as UTF-8
        c.txt: the file is binary: byte 4 is 0
        d.txt: the file is too long: expected at most 16777216 bytes
        e.txt: the file is empty
        f.json: the JSON is not a documentation record: expected a name, and an apiChineseName or parameters
        g/taobao.a.get.yaml: new"#]]
    .assert_eq(&outcomes(&all(&specs, &documents, None)).join("\n"));
    let (found, missing) = import::documents(&[documents.join("nowhere"), documents.join("g")]);
    assert_eq!(found, [documents.join("g/h.json")]);
    assert!(missing[0].reason().starts_with("cannot read the file: "), "{missing:?}");
}

#[test]
fn reports_status_of_existing_specs() {
    let (_folder, specs, documents) = folders();
    let before = r#"{"name":"gone","type":"String"},{"name":"kept","type":"Number","maxValue":5,"description":"x"}"#;
    put(
        &documents,
        "trade/a.json",
        record(before, r#"{"name":"r","type":"R","subParams":[{"name":"s","type":"String"}]}"#),
    );
    let first = all(&specs, &documents, None);
    assert_eq!(outcomes(&first), ["trade/taobao.a.get.yaml: new"]);
    write(&specs, &first);
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: unchanged"]);

    // Comments are no difference.
    let spec = specs.join("trade/taobao.a.get.yaml");
    let written = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, format!("# looked through\n{written}")).unwrap();
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: unchanged"]);

    let after = r#"{"name":"kept","type":"String","required":true,"description":"y"},{"name":"new","type":"Date","required":true}"#;
    put(
        &documents,
        "trade/a.json",
        record(
            after,
            r#"{"name":"r","type":"R","subParams":[{"name":"s","type":"Number"},{"name":"t","type":"String"}]}"#,
        ),
    );
    let changed = all(&specs, &documents, None);
    expect![[r#"
        trade/taobao.a.get.yaml: removed  request.gone; retyped  request.kept: Number -> String; changed  request.kept: optional -> required; changed  request.kept: max_value 5 -> no limit; reworded request.kept; added    request.new: Date, required; retyped  response.r.s: String -> Number; added    response.r.t: String"#]]
    .assert_eq(&outcomes(&changed).join("\n"));
    write(&specs, &changed);
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: unchanged"]);

    // Two errors with the same code.
    let twice = r#""errorCodes":[{"errorCode":"isv.a","errorMsg":"x"},{"errorCode":"isv.a","errorMsg":"y"}],"labels""#;
    put(&documents, "trade/a.json", record("", "").replace(r#""labels""#, twice));
    write(&specs, &all(&specs, &documents, None));
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: unchanged"]);
    put(&documents, "trade/a.json", record("", "").replace(r#""labels""#, &twice.replace("\"y\"", "\"z\"")));
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: reworded errors.isv.a"]);

    // Documents do not describe pagination, so `pages` is kept, and reported only with other differences.
    put(
        &documents,
        "trade/a.json",
        record(r#"{"name":"page","type":"Number"}"#, r#"{"name":"rows","type":"Number[]"}"#),
    );
    write(&specs, &all(&specs, &documents, None));
    let written = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, format!("{written}pages: {{ items: rows, number: page }}\n")).unwrap();
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: unchanged"]);
    put(
        &documents,
        "trade/a.json",
        record(r#"{"name":"page","type":"String"}"#, r#"{"name":"rows","type":"Number[]"}"#),
    );
    expect!["trade/taobao.a.get.yaml: retyped  request.page: Number -> String; removed  pages"]
        .assert_eq(&outcomes(&all(&specs, &documents, None)).join("\n"));

    fs::write(&spec, "no spec").unwrap();
    assert_eq!(outcomes(&all(&specs, &documents, None)), ["trade/taobao.a.get.yaml: broken"]);
}

#[test]
fn chooses_categories() {
    let (_folder, specs, documents) = folders();
    put(&documents, "tbk/a.json", record("", ""));
    put(&documents, "tbk/b.json", record("", ""));
    put(&documents, "Not One/c.json", record("", "").replace("taobao.a.get", "taobao.kfc.search"));
    put(
        &documents,
        "pages/d.txt",
        page_of("参数名 类型 描述", "a String x", "").replace("taobao.a.get", "taobao.trade.close"),
    );
    put(&documents, "e/e.json", record("", "").replace("taobao.a.get", "m-kvstore.端.get"));
    put(&documents, "9/f.json", record("", "").replace("taobao.a.get", "x.3d.get"));
    let results = all(&specs, &documents, None);
    expect![[r#"
        f.json: cannot derive a category from x.3d.get; choose one with --category
        kfc/taobao.kfc.search.yaml: new
        e.json: invalid method name `m-kvstore.端.get`: expected a name such as taobao.trade.close
        trade/taobao.trade.close.yaml: new
        tbk/taobao.a.get.yaml: new"#]]
    .assert_eq(
        &outcomes(&results).iter().filter(|line| !line.starts_with("b.json")).cloned().collect::<Vec<_>>().join("\n"),
    );
    let twice = outcomes(&results).into_iter().find(|line| line.starts_with("b.json")).unwrap();
    assert!(twice.starts_with("b.json: ") && twice.ends_with("a.json describes it too; keep one of them"), "{twice}");
    write(&specs, &results);

    // An existing spec keeps its category, whatever the folder of the document.
    put(&documents, "other/a.json", record("", ""));
    let (alone, _) = import::documents(&[documents.join("other")]);
    let importer = Importer::new(&specs).unwrap();
    assert_eq!(outcomes(&importer.import(&alone, None, || {})), ["tbk/taobao.a.get.yaml: unchanged"]);
    assert_eq!(
        outcomes(&importer.import(&alone, Some("other"), || {})),
        ["a.json: the method already has the spec tbk/taobao.a.get.yaml; omit --category or move that file"]
    );
    assert_eq!(outcomes(&importer.import(&alone, Some("tbk"), || {})), ["tbk/taobao.a.get.yaml: unchanged"]);
}

#[test]
fn seed_page_equals_shipped_spec() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Ok(page) = fs::read_to_string(root.join("../shared/seed/taobao.top.client.token.get.txt")) else {
        eprintln!("skipped: the seed page is not beside this project");
        return;
    };
    let shipped = fs::read_to_string(root.join("specs/top/taobao.top.client.token.get.yaml")).unwrap();
    let platform = codegen::spec::platform(&root.join("specs")).unwrap();
    assert_eq!(import::spec_of(&page, &platform).unwrap(), shipped);
}

/// A random parameter that both records and pages can describe.
#[derive(Clone, Debug)]
struct Described {
    name: String,
    kind: String,
    required: bool,
    example: String,
    description: String,
    fields: Vec<Described>,
}

fn described(exact: bool) -> impl Strategy<Value = Described> {
    let kind = prop::sample::select(vec![
        ("String", "x-1"),
        ("Number", "-12"),
        ("Boolean", "true"),
        ("Date", "2024-06-18 00:00:00"),
        ("Price", "1.50"),
        ("BigDecimal", "0.1"),
        ("Json", "{\"a\": [1, 2]}"),
        ("Map", "{}"),
        ("Field List", "a,b"),
        ("String []", "a,b"),
        ("Number[]", "1,2"),
        ("byte", "7"),
    ]);
    // Cells separated by tabs may contain any text; cells separated by spaces need an example that the type identifies.
    let words = if exact {
        "[^\\pC\\pZ<&]{1,6}( [^\\pC\\pZ<&]{1,6}){0,3}"
    } else {
        "[一-龥]{1,6}( [一-龥a-z0-9]{1,6}){0,3}"
    };
    let texts = (prop::option::of(words), prop::option::of(words));
    let leaf = ("[a-z][a-zA-Z0-9_.]{0,8}", kind, any::<bool>(), texts).prop_map(
        move |(name, (kind, example), required, (other_example, description))| Described {
            name,
            kind: kind.to_owned(),
            required,
            example: match other_example {
                Some(other) if exact && matches!(kind, "String" | "Json") => other,
                _ => example.to_owned(),
            },
            description: description.unwrap_or_else(|| if exact { String::new() } else { "说明".to_owned() }),
            fields: Vec::new(),
        },
    );
    leaf.prop_recursive(3, 16, 4, |inner| {
        ("[a-z][a-z_]{0,6}", "[A-Z][a-z]{1,6}Object", any::<bool>(), any::<bool>(), prop::collection::vec(inner, 1..4))
            .prop_map(|(name, kind, list, required, fields)| Described {
                name,
                kind: if list { format!("{kind} []") } else { kind },
                required,
                example: String::new(),
                description: "说明".to_owned(),
                fields,
            })
    })
}

/// Parameters with unique names on each level, without public ones.
fn distinct(parameters: Vec<Described>) -> Vec<Described> {
    let mut names = BTreeSet::from(["method".to_owned(), "app_key".to_owned()]);
    let kept = parameters.into_iter().filter(|parameter| names.insert(parameter.name.clone()));
    kept.map(|parameter| Described { fields: distinct(parameter.fields.clone()), ..parameter }).collect()
}

fn as_records(parameters: &[Described]) -> serde_json::Value {
    let records = parameters.iter().map(|parameter| {
        serde_json::json!({
            "name": parameter.name, "type": parameter.kind, "required": parameter.required,
            "demoValue": parameter.example, "description": parameter.description,
            "subParams": as_records(&parameter.fields),
        })
    });
    records.collect()
}

fn as_rows(parameters: &[Described], request: bool, gap: &str, marks: bool, depth: usize, page: &mut String) {
    for parameter in parameters {
        page.push_str(&if marks { "└".repeat(depth) } else { " ".repeat(4 * depth) });
        let required = if parameter.required { "是" } else { "否" };
        let mut cells = vec![parameter.name.as_str(), &parameter.kind];
        cells.extend(request.then_some(required));
        cells.extend([parameter.example.as_str(), &parameter.description]);
        cells.retain(|cell| gap == "\t" || !cell.is_empty());
        page.push_str(&cells.join(gap));
        page.push('\n');
        as_rows(&parameter.fields, request, gap, marks, depth + 1, page);
    }
}

fn same_by_page_and_record(
    request: Vec<Described>,
    response: Vec<Described>,
    gap: &str,
    marks: bool,
) -> Result<(), TestCaseError> {
    let (request, response) = (distinct(request), distinct(response));
    let record = serde_json::json!({
        "name": "taobao.any.thing.get", "apiChineseName": "题", "description": "做什么",
        "labels": [{"displayName": "不需用户授权"}],
        "requestParams": as_records(&request), "responseParams": as_records(&response),
    });
    let mut page =
        "taobao.any.thing.get\n题\n不需要授权\n做什么\n\n请求参数\n\n参数名 类型 必须 示例值 描述\n".to_owned();
    as_rows(&request, true, gap, marks, 0, &mut page);
    page.push_str("\n响应参数\n\n参数名 类型 示例值 描述\n");
    as_rows(&response, false, gap, marks, 0, &mut page);
    match (spec_of(&record.to_string()), spec_of(&page)) {
        (Ok(by_record), Ok(by_page)) => {
            prop_assert_eq!(&by_record, &by_page, "{}", page);
        }
        // Objects that require themselves are invalid in both.
        (Err(by_record), Err(by_page)) => prop_assert_eq!(by_record, by_page),
        (by_record, by_page) => prop_assert!(false, "{by_record:?}\n{by_page:?}\n{page}"),
    }
    Ok(())
}

proptest! {
    #[test]
    fn page_with_tabs_equals_record(
        request in prop::collection::vec(described(true), 0..5),
        response in prop::collection::vec(described(true), 0..5),
        marks in any::<bool>(),
    ) {
        same_by_page_and_record(request, response, "\t", marks)?;
    }

    #[test]
    fn page_with_spaces_equals_record(
        request in prop::collection::vec(described(false), 0..5),
        response in prop::collection::vec(described(false), 0..5),
        marks in any::<bool>(),
    ) {
        same_by_page_and_record(request, response, " ", marks)?;
    }

    #[test]
    fn imports_or_refuses_any_text(
        head in "(taobao\\.a\\.get\n)?.{0,20}",
        lines in prop::collection::vec(
            prop_oneof![
                "(请求参数|响应参数|公共参数|错误码描述|响应示例|请求示例)",
                "(参数名|名称) 类型 (必须 )?(示例值 )?(更多限制 )?描述",
                "[ └\t•]{0,4}[a-z_]{1,4}[ \t]{1,3}(String|Number|Foo|Foo \\[\\]|Field List)[ \t]{0,3}(是|否|true)?.{0,12}",
                ".{0,30}",
            ],
            0..24,
        ),
    ) {
        let _ = spec_of(&format!("{head}\n{}", lines.join("\n")));
    }

    #[test]
    fn written_specs_read_back(
        title in "[a-z端](.{0,20}[a-z])?",
        texts in prop::collection::vec("(.|\n){0,40}", 3),
    ) {
        let record = serde_json::json!({
            "name": "taobao.any.thing.get", "apiChineseName": title, "description": texts[0],
            "requestParams": [{"name": "a", "type": "String", "demoValue": texts[1], "description": texts[2]}],
            "responseParams": [{"name": "a", "type": "String", "demoValue": texts[1], "description": texts[2]}],
        });
        let yaml = spec_of(&record.to_string()).map_err(TestCaseError::fail)?;
        let spec = codegen::spec::parse("any", "taobao.any.thing.get.yaml", &yaml, &platform()).unwrap().spec;
        let seen = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
        let [request, response] = [&spec.request[0], &spec.response.fields[0]];
        prop_assert_eq!(&request.facts.example, &response.facts.example);
        prop_assert_eq!(&request.facts.description, &response.facts.description);
        if !texts[1].contains(['<', '&']) {
            prop_assert_eq!(seen(request.facts.example.as_deref().unwrap_or_default()), seen(&texts[1]));
        }
        if !texts[2].contains(['<', '&']) {
            prop_assert_eq!(seen(request.facts.description.as_deref().unwrap_or_default()), seen(&texts[2]));
        }
        if !title.contains(['<', '&']) {
            prop_assert_eq!(seen(&spec.facts.title.value), seen(&title));
        }
    }
}

#[test]
fn imports_stated_root_node() {
    let with = |stated: &str| {
        let fields = format!("公共响应参数\n\n名称 类型 描述\nxxxxx_response String 根节点{stated}\n\n响应参数");
        spec_of(&page_of("参数名 类型 描述", "a String x", "").replace("响应参数", &fields)).unwrap()
    };
    for (stated, node) in [
        (",本接口为:other_get_response", "other_get_response"),
        (",本接口为：other_get_response。", "other_get_response"),
        (",本接口为 other_get_response", "other_get_response"),
        (",本接口为:", "a_get_response"),
        ("", "a_get_response"),
    ] {
        assert!(with(stated).contains(&format!("\n  node: {node}\n")), "{stated}: {}", with(stated));
    }
}
