//! Search for items to promote, and conversion of the items to promotion links.

use std::env;
use std::error::Error;

use generated_sdk::Client;
use generated_sdk::api::tbk::tbk_dg_general_link_convert::LkItemDto;
use generated_sdk::api::tbk::{TbkDgGeneralLinkConvertRequest, TbkDgMaterialOptionalUpgradeRequest};

/// An item to promote.
#[derive(Clone, Debug)]
pub struct Promotion {
    /// The item's opaque id. It is not a number.
    pub item_id: String,
    /// The item's title.
    pub title: String,
    /// The short link, with a coupon if there is one.
    pub link: Option<String>,
}

/// Searches for items and converts the first `limit` of them to promotion links of `adzone_id`, the third part of a PID.
pub async fn search(
    client: &Client,
    adzone_id: i64,
    keyword: &str,
    limit: usize,
) -> Result<Vec<Promotion>, generated_sdk::Error> {
    let request = TbkDgMaterialOptionalUpgradeRequest::new(adzone_id).q(keyword).page_size(20);
    let mut items = client.items(request);
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(item) = items.next().await
    {
        let item = item?;
        let title = item.item_basic_info.and_then(|info| info.title).unwrap_or_default();
        if let Some(item_id) = item.item_id {
            found.push(Promotion { item_id, title, link: None });
        }
    }
    if found.is_empty() {
        return Ok(found);
    }
    let items = found.iter().map(|promotion| LkItemDto::new().item_id(promotion.item_id.as_str()));
    let request = TbkDgGeneralLinkConvertRequest::new(adzone_id).item_dto(items);
    let converted =
        client.execute(&request).await?.into_value().data.map(|data| data.item_url_list).unwrap_or_default();
    for item in converted {
        let promotion = found.iter_mut().find(|promotion| item.input_item_id.as_ref() == Some(&promotion.item_id));
        if let (Some(promotion), Some(links)) = (promotion, item.link_info_dto) {
            promotion.link = links.coupon_short_url.or(links.cps_short_url);
        }
    }
    Ok(found)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let adzone_id = env::args().nth(1).ok_or("usage: search_promotions ADZONE_ID KEYWORD")?.parse()?;
    let keyword = env::args().nth(2).ok_or("usage: search_promotions ADZONE_ID KEYWORD")?;
    for promotion in search(&client, adzone_id, &keyword, 10).await? {
        println!("{}: {}", promotion.title, promotion.link.as_deref().unwrap_or("no link"));
    }
    Ok(())
}
