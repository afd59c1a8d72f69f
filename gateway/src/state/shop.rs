//! `taobao.user.seller.get` and the shop: one record.

use super::route::{Action, Route};
use super::store::Resource;

pub(super) const ROUTES: &[Route] = &[
    Route::new("taobao.user.seller.get", Action::Get(Resource::Shop, &[]), "user"),
    Route::new("taobao.shop.seller.get", Action::Get(Resource::Shop, &[]), "shop"),
    Route::new("taobao.shop.get", Action::Get(Resource::Shop, &[("nick", "nick")]), "shop"),
];
