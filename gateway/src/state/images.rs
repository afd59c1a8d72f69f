//! Images of items and of their properties. An item has them in its lists `item_imgs` and `prop_imgs`.

use serde_json::Value as Json;

use super::items::ITEM_UPDATE;
use super::record::{self, Record};
use super::route::{self, Action, Call, Key, Route};
use super::store::{Resource, Transaction};
use crate::refusal::Refusal;

const BY_ID: Key = &[("num_iid", "num_iid")];

const ITEM_IMAGES: &str = "item_imgs";
const PROPERTY_IMAGES: &str = "prop_imgs";

const PUT_ITEM_IMAGE: Action = Action::Batch(|transaction, call| put(transaction, call, ITEM_IMAGES));
const PUT_PROPERTY_IMAGE: Action = Action::Batch(|transaction, call| put(transaction, call, PROPERTY_IMAGES));

pub(super) const ROUTES: &[Route] = &[
    Route::new("taobao.item.img.upload", PUT_ITEM_IMAGE, "item_img"),
    Route::new("taobao.item.joint.img", PUT_ITEM_IMAGE, "item_img"),
    Route::new(
        "taobao.item.img.delete",
        Action::Batch(|transaction, call| delete(transaction, call, ITEM_IMAGES)),
        "item_img",
    ),
    Route::new("taobao.item.propimg.upload", PUT_PROPERTY_IMAGE, "prop_img"),
    Route::new("taobao.item.joint.propimg", PUT_PROPERTY_IMAGE, "prop_img"),
    Route::new(
        "taobao.item.propimg.delete",
        Action::Batch(|transaction, call| delete(transaction, call, PROPERTY_IMAGES)),
        "prop_img",
    ),
];

/// Adds an image, or replaces the one with the id of the call. Returns the image.
fn put(transaction: &mut Transaction<'_>, call: &Call<'_>, list: &str) -> Result<Record, Refusal> {
    let mut item = route::find(transaction, Resource::Item, BY_ID, call)?;
    let mut images: Vec<Record> = record::objects(&item, list).cloned().collect();
    let requested = call.integer("id");
    let index = requested.map(|id| position_of(&images, id)).transpose()?;
    let id = requested.unwrap_or_else(|| {
        let ids = images.iter().filter_map(|image| record::integer(image, "id"));
        ids.max().unwrap_or_default().saturating_add(1)
    });
    let path =
        call.get("pic_path").map_or_else(|| format!("{}/{id}.jpg", record::text(&item, "num_iid")), str::to_owned);
    let mut image = Record::new();
    record::set(&mut image, "id", id.into());
    record::set(&mut image, "url", format!("https://img.example.com/{path}").into());
    record::set(&mut image, "created", transaction.now.to_string().into());
    record::set(&mut image, "position", call.integer("position").unwrap_or(id).into());
    if let Some(properties) = call.get("properties") {
        record::set(&mut image, "properties", properties.into());
    }
    match index {
        Some(index) => images[index] = image.clone(),
        None => images.push(image.clone()),
    }
    images.sort_by_key(|image| record::integer(image, "position"));
    // The main image is the picture of the item.
    if call.is_true("is_major") {
        record::set(&mut item, "pic_url", record::text(&image, "url").into());
    }
    save(transaction, item, list, images);
    Ok(image)
}

/// Removes the image with the id of the call. Returns the image.
fn delete(transaction: &mut Transaction<'_>, call: &Call<'_>, list: &str) -> Result<Record, Refusal> {
    let item = route::find(transaction, Resource::Item, BY_ID, call)?;
    let mut images: Vec<Record> = record::objects(&item, list).cloned().collect();
    let index = position_of(&images, call.integer("id").unwrap_or_default())?;
    let image = images.remove(index);
    save(transaction, item, list, images);
    Ok(image)
}

fn position_of(images: &[Record], id: i64) -> Result<usize, Refusal> {
    let index = images.iter().position(|image| record::integer(image, "id") == Some(id));
    index.ok_or_else(|| Refusal::with_reason(15, "isv.item-img-not-exist", format!("no image of the item has id {id}")))
}

fn save(transaction: &mut Transaction<'_>, mut item: Record, list: &str, images: Vec<Record>) {
    let images = images.into_iter().map(Json::Object).collect::<Vec<_>>();
    record::set(&mut item, list, images.into());
    record::set(&mut item, "modified", transaction.now.to_string().into());
    transaction.put(Resource::Item, item.clone());
    transaction.emit(ITEM_UPDATE, item);
}
