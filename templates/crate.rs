// {{ package.banner }}

//! A part of `{{ package.name }}`, which re-exports these modules.

pub mod api;
