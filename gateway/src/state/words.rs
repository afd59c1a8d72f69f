//! Tables of Chinese words for generated data: a shop's goods, buyers, addresses and carriers.

pub(super) const SHOPS: &[&str] =
    &["青禾家居旗舰店", "山野日用专营店", "云朵生活馆", "小满杂货铺", "南巷茶器店", "北岸户外专营店"];

pub(super) const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "林", "郭", "何", "高",
    "欧阳",
];

pub(super) const GIVEN_NAMES: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "秀英", "建国", "思远", "雨桐",
    "子涵", "浩然", "梓萱", "一诺", "嘉怡", "俊杰", "晓燕", "志强", "文博", "佳琪", "宇航", "若溪",
];

pub(super) const NICK_HEADS: &[&str] = &[
    "爱喝茶的",
    "早起的",
    "会飞的",
    "追风的",
    "慢慢走的",
    "江南",
    "北方的",
    "海边的",
    "山里的",
    "快乐的",
    "安静的",
    "勤快的",
];

pub(super) const NICK_TAILS: &[&str] =
    &["小猫", "阿宁", "橘子", "木匠", "小鹿", "豆豆", "老陈", "麦子", "石榴", "阿禾", "白鹭", "小满", "团子", "拾光"];

/// A district with its zip code and the start of its mobile numbers' area.
pub(super) struct District {
    pub(super) state: &'static str,
    pub(super) city: &'static str,
    pub(super) district: &'static str,
    pub(super) town: &'static str,
    pub(super) zip: &'static str,
}

const fn district(
    state: &'static str,
    city: &'static str,
    district: &'static str,
    town: &'static str,
    zip: &'static str,
) -> District {
    District { state, city, district, town, zip }
}

pub(super) const DISTRICTS: &[District] = &[
    district("浙江省", "杭州市", "余杭区", "仓前街道", "311121"),
    district("浙江省", "宁波市", "鄞州区", "首南街道", "315100"),
    district("上海", "上海市", "浦东新区", "张江镇", "201203"),
    district("北京", "北京市", "海淀区", "上地街道", "100085"),
    district("广东省", "广州市", "天河区", "五山街道", "510640"),
    district("广东省", "深圳市", "南山区", "粤海街道", "518057"),
    district("江苏省", "南京市", "江宁区", "秣陵街道", "211100"),
    district("江苏省", "苏州市", "吴中区", "木渎镇", "215101"),
    district("四川省", "成都市", "武侯区", "桂溪街道", "610041"),
    district("湖北省", "武汉市", "洪山区", "关山街道", "430074"),
    district("陕西省", "西安市", "雁塔区", "小寨路街道", "710061"),
    district("福建省", "厦门市", "思明区", "莲前街道", "361008"),
    district("山东省", "青岛市", "崂山区", "中韩街道", "266100"),
    district("湖南省", "长沙市", "岳麓区", "麓谷街道", "410205"),
    district("辽宁省", "大连市", "沙河口区", "星海湾街道", "116023"),
    district("云南省", "昆明市", "五华区", "莲华街道", "650031"),
];

pub(super) const STREETS: &[&str] = &[
    "文一西路",
    "人民路",
    "解放路",
    "中山路",
    "建设路",
    "滨江路",
    "学府路",
    "青年路",
    "桂花巷",
    "长安街",
    "创新大道",
    "科技园路",
];

pub(super) const ESTATES: &[&str] =
    &["阳光花园", "翠湖苑", "锦绣家园", "金桂小区", "悦澜府", "和平里", "梧桐公寓", "未来城"];

/// Goods: a title, a category, a price in cents, and the options of its SKUs.
pub(super) struct Goods {
    pub(super) title: &'static str,
    pub(super) cid: i64,
    pub(super) cents: i64,
    pub(super) code: &'static str,
    pub(super) sell_point: &'static str,
    pub(super) options: &'static [Sale],
}

/// A sale property: its ids and its name.
pub(super) struct Sale {
    pub(super) ids: &'static str,
    pub(super) name: &'static str,
}

const fn sale(ids: &'static str, name: &'static str) -> Sale {
    Sale { ids, name }
}

const COLORS: &[Sale] = &[
    sale("1627207:28341", "颜色:黑色"),
    sale("1627207:28320", "颜色:白色"),
    sale("1627207:28335", "颜色:绿色"),
    sale("1627207:3232480", "颜色:米色"),
];

const SIZES: &[Sale] = &[
    sale("20509:28314", "尺码:S"),
    sale("20509:28315", "尺码:M"),
    sale("20509:28316", "尺码:L"),
    sale("20509:28317", "尺码:XL"),
];

const NO_OPTIONS: &[Sale] = &[];

const fn goods(
    title: &'static str,
    cid: i64,
    cents: i64,
    code: &'static str,
    sell_point: &'static str,
    options: &'static [Sale],
) -> Goods {
    Goods { title, cid, cents, code, sell_point, options }
}

pub(super) const GOODS: &[Goods] = &[
    goods("不锈钢保温杯 500ml 便携车载水杯", 50_003_949, 5_990, "CUP-500", "六小时保温，一键开盖", COLORS),
    goods("日式粗陶马克杯 手工釉面早餐杯", 50_003_950, 3_900, "MUG-01", "釉下彩，可进微波炉", COLORS),
    goods("纯棉圆领短袖T恤 男女同款", 50_000_671, 6_900, "TEE-18", "220克精梳棉，不易变形", SIZES),
    goods("亚麻宽松衬衫 春夏防晒薄款", 162_104, 12_900, "SHIRT-07", "透气亚麻，免熨烫", SIZES),
    goods("四件套全棉磨毛床上用品 1.8米", 50_008_779, 25_900, "BED-18", "活性印染，亲肤不起球", COLORS),
    goods("乳胶枕 泰国进口原料护颈枕", 50_001_865, 15_800, "PILLOW-2", "七区分压，可拆洗", NO_OPTIONS),
    goods("香樟木防虫木条 衣柜除味 20根装", 50_018_824, 1_980, "WOOD-20", "天然樟木，无添加", NO_OPTIONS),
    goods("明前龙井茶叶 2026新茶 250克罐装", 50_010_550, 16_800, "TEA-250", "核心产区，手工炒制", NO_OPTIONS),
    goods("云南小粒咖啡豆 中度烘焙 500克", 50_012_481, 7_800, "COFFEE-5", "下单后现烘", NO_OPTIONS),
    goods("无线机械键盘 87键 热插拔", 1_101, 29_900, "KB-87", "三模连接，静音轴", COLORS),
    goods("护眼台灯 学生宿舍阅读灯", 50_013_323, 13_900, "LAMP-3", "无频闪，五档调光", COLORS),
    goods("折叠露营椅 超轻月亮椅", 50_014_759, 9_900, "CHAIR-9", "承重120公斤，1.1公斤", COLORS),
    goods("儿童绘本套装 3-6岁 睡前故事 全12册", 50_010_485, 8_800, "BOOK-12", "大字注音，圆角装订", NO_OPTIONS),
    goods("帆布双肩包 大容量通勤书包", 50_012_010, 14_900, "BAG-11", "加厚帆布，可放15寸电脑", COLORS),
    goods("硅藻泥吸水地垫 浴室门口防滑垫", 50_008_801, 4_500, "MAT-4", "快速吸水，一冲即净", COLORS),
    goods("即食燕麦片 无添加蔗糖 1千克", 50_013_061, 3_290, "OAT-1K", "澳洲燕麦，冷热都可冲泡", NO_OPTIONS),
];

/// The carriers: their codes and names.
const COMPANIES: &[(&str, &str)] = &[
    ("ZTO", "中通快递"),
    ("YTO", "圆通速递"),
    ("STO", "申通快递"),
    ("YUNDA", "韵达快递"),
    ("SF", "顺丰速运"),
    ("EMS", "EMS"),
    ("JTSD", "极兔速递"),
    ("POSTB", "邮政快递包裹"),
    ("DBKD", "德邦快递"),
];

/// The codes of the carriers that generated data uses.
pub(super) const COMPANY_CODES: &[&str] = &["ZTO", "YTO", "STO", "YUNDA", "SF"];

pub(super) const REFUND_REASONS: &[&str] =
    &["不想要了", "多拍、错拍", "商品与描述不符", "质量问题", "未按约定时间发货", "尺码不合适", "收到商品破损"];

pub(super) const BUYER_MESSAGES: &[&str] =
    &["请尽快发货，谢谢", "麻烦包装好一点", "请发顺丰", "送人的，不要放价格单", "周末再送", "放驿站就行"];

/// Returns the name of a carrier, or its code if the table lacks it.
pub(super) fn company(code: &str) -> &str {
    COMPANIES.iter().find(|(known, _)| code.eq_ignore_ascii_case(known)).map_or(code, |(_, name)| name)
}

/// Returns an amount of cents in yuan: `59.90`.
pub(super) fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Returns the names of sale properties without their ids: `颜色:红色` of `1627207:28326:颜色:红色`.
pub(super) fn properties_name(properties: &str) -> String {
    let names = properties.split(';').filter_map(|property| {
        let mut parts = property.splitn(3, ':');
        parts.nth(2)
    });
    names.collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_amounts() {
        assert_eq!((company("zto"), company("X")), ("中通快递", "X"));
        assert_eq!(
            (amount(5_990), amount(-5), amount(100)),
            ("59.90".to_owned(), "-0.05".to_owned(), "1.00".to_owned())
        );
        assert_eq!(properties_name("1627207:28326:颜色:红色;20509:28314:尺码:S"), "颜色:红色;尺码:S");
    }
}
