//! The names of the shipped categories, which the guide's list of methods has too, and the features of categories.

use std::collections::{BTreeMap, BTreeSet};

/// The known categories of methods: folder, English name, Chinese name, and the Chinese words that a reader searches for.
pub const GROUPS: &[(&str, &str, &str, &str)] = &[
    (
        "trade",
        "Orders",
        "订单",
        "交易 订单同步 增量查询 订单详情 备注 旗帜 改地址 改邮费 关闭订单 延长收货 合单 开票金额",
    ),
    ("privacy", "Receiver privacy", "收件人隐私", "OAID 解密 收件人 手机号 虚拟号 隐私号 合单 账单"),
    ("user", "Users and accounts", "用户与账号", "卖家 买家 昵称 OpenUID openId 混淆昵称 小程序"),
    (
        "logistics",
        "Shipping",
        "发货与物流",
        "发货 在线下单 自己联系物流 无需物流 拆单 改运单 物流轨迹 物流公司 地址库 运费模板 同城配送 行政区划",
    ),
    ("waybill", "Waybills", "电子面单", "面单号 取号 云打印 打印模板 菜鸟 面单余额 取消面单"),
    ("item", "Items", "商品", "发布商品 上架 下架 改价 库存 SKU 类目 属性 商家编码 条形码 商品图片 规则发布 天猫产品"),
    ("shop", "Shops", "店铺", "店铺资料 店内分类 店铺类目 优惠券"),
    ("picture", "Picture space", "图片空间", "上传图片 图片分类 图片引用 容量"),
    ("refund", "Refunds", "退款与售后", "退款 退货 同意退款 拒绝退款 退款留言 凭证 售后审核 取消发货 AG"),
    ("exchange", "Exchanges", "换货", "换货单 同意换货 拒绝换货 换货发货"),
    ("rate", "Reviews", "评价", "好评 中评 差评 评价解释 评价标签"),
    ("tmc", "Messages", "消息", "消息通道 主题 消费消息 确认消息 分组 积压 开通消息"),
    ("service", "Service market", "服务市场与数据推送", "订购关系 服务订单 到期 营销链接 聚石塔 数据推送 JDP"),
    ("top", "Platform", "平台", "令牌 授权码 session 刷新令牌 密钥 加密 事件"),
    ("util", "Tools", "工具", "平台时间 违禁词"),
    ("fenxiao", "Distribution", "分销", "供应商 分销商 采购单 分销产品 代销 经销"),
    ("qimen", "Qimen warehouse", "奇门仓储", "WMS ERP 入库单 出库单 发货单 退货入库 库存查询 盘点 商品同步"),
    (
        "tbk",
        "Taobao affiliate",
        "淘宝客",
        "转链 淘口令 物料搜索 优惠券 推广位 推广订单 维权 渠道 会员 淘礼金 红包 人群",
    ),
    ("eleme", "Ele.me promotion", "饿了么推广", "外卖 红包 本地生活 店铺推广 推广订单"),
    ("aliexpress", "AliExpress", "速卖通", "联盟 推广链接 代发 下单"),
    ("hotel", "Hotels", "酒店", "飞猪 房型 价格计划 房价 房态 酒店订单 信用住"),
    ("flight", "Flights", "机票", "比价 国内机票"),
    (
        "drugtrace",
        "Drug traceability",
        "药品追溯",
        "码上放心 追溯码 出入库单 上游出库单 零售单 往来单位 零售药店 医疗机构",
    ),
    ("crm", "Members", "会员", "会员等级 折扣"),
    ("subuser", "Sub-accounts", "子账号", "部门 员工"),
];

/// Returns the English and the Chinese title of a category. `None` for an unknown one.
pub fn titles(folder: &str) -> Option<(&'static str, &'static str)> {
    GROUPS.iter().find(|(name, ..)| *name == folder).map(|(_, english, chinese, _)| (*english, *chinese))
}

/// The maximum number of features for categories. crates.io accepts 300 features of a crate, of which the SDK needs some for
/// other purposes.
const MAX_FEATURES: usize = 120;

/// Returns the feature of each category: its name. If these are too many, unknown categories whose names begin with the same
/// letters share a feature, such as `group-ali`. A shared feature has a hyphen, which no category has.
pub(crate) fn features(categories: &[&str]) -> Vec<String> {
    let own = categories.iter().map(|name| (*name).to_owned()).collect();
    if categories.len() <= MAX_FEATURES {
        return own;
    }
    let longest = categories.iter().map(|name| name.len()).max().unwrap_or_default();
    // One letter is enough: there are fewer known categories and letters.
    let fits = |features: &Vec<String>| features.iter().collect::<BTreeSet<_>>().len() <= MAX_FEATURES;
    (1..longest).rev().map(|length| grouped(categories, length)).find(fits).unwrap_or(own)
}

/// Returns the feature of each category if unknown categories with the same first `length` letters share one.
fn grouped(categories: &[&str], length: usize) -> Vec<String> {
    let group = |name: &&str| (titles(name).is_none()).then(|| name.get(..length).unwrap_or(name).to_owned());
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for group in categories.iter().filter_map(group) {
        *sizes.entry(group).or_default() += 1;
    }
    let feature = |name: &&str| match group(name) {
        Some(group) if sizes.get(&group).is_some_and(|size| *size > 1) => format!("group-{group}"),
        _ => (*name).to_owned(),
    };
    categories.iter().map(feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distinct(features: &[String]) -> BTreeSet<&str> {
        features.iter().map(String::as_str).collect()
    }

    /// The known categories, and `count` others whose names have few first letters.
    fn catalogue(count: usize) -> Vec<String> {
        let others = (0..count).map(|number| format!("{}{number:04}", ["ali", "tb", "wdk"][number % 3]));
        GROUPS.iter().map(|(name, ..)| (*name).to_owned()).chain(others).collect()
    }

    #[test]
    fn each_category_of_a_small_catalogue_has_a_feature() {
        let categories = catalogue(MAX_FEATURES - GROUPS.len());
        let names: Vec<&str> = categories.iter().map(String::as_str).collect();
        assert_eq!(features(&names), categories);
    }

    #[test]
    fn a_large_catalogue_has_few_features() {
        for count in [MAX_FEATURES, 311, 5_312] {
            let categories = catalogue(count);
            let names: Vec<&str> = categories.iter().map(String::as_str).collect();
            let features = features(&names);
            assert!(
                (GROUPS.len() + 3..=MAX_FEATURES).contains(&distinct(&features).len()),
                "{:?}",
                distinct(&features)
            );
            for (name, feature) in names.iter().zip(&features) {
                let is_known = titles(name).is_some();
                let group = feature.strip_prefix("group-");
                assert!(name == feature || (!is_known && group.is_some_and(|group| name.starts_with(group))), "{name}");
            }
        }
        // Two letters would give 260 features.
        let letters = (b'a'..=b'z').flat_map(|letter| (0..20).map(move |number| format!("{}{number}", letter as char)));
        let letters: Vec<String> = letters.collect();
        let names: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(distinct(&features(&names)).len(), 26);
    }
}
