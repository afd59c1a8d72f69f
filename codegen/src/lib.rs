//! Generates Rust from specs of TOP methods, and specs from the platform's documents.
//!
//! Start with [`Builder`]. Its steps are separate modules: [`spec`] reads and checks, [`model`] names, [`render`]
//! writes code, [`output`] compares and writes files. [`import`] converts documents to specs. [`commands`] is the
//! command line interface of these steps. [`export`] converts specs to OpenAPI, Postman and JSON Schema, and [`search`] finds
//! methods.

pub mod builder;
mod cache;
pub mod categories;
pub mod commands;
pub mod diagnostic;
pub mod difference;
mod digest;
pub mod export;
pub mod files;
mod graph;
mod html;
mod identifier;
pub mod import;
pub mod model;
pub mod output;
mod parallel;
pub mod project;
pub mod render;
pub mod search;
pub mod spec;

pub use builder::{BuildError, Builder, Generated, Report, workspace};
