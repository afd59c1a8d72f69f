//! Generates Rust from specs of TOP methods, and specs from the platform's documents.
//!
//! [`Builder`] is the entry. Each step of it is one function with one type on either side: [`spec`] reads and checks, [`model`]
//! names, [`render`] writes, [`output`] compares with what is on disk. [`import`] makes specs from documents. [`commands`] prints what these do.

pub mod builder;
pub mod commands;
pub mod diagnostic;
pub mod difference;
pub mod files;
mod graph;
mod html;
pub mod import;
pub mod model;
pub mod output;
mod parallel;
pub mod project;
pub mod render;
pub mod spec;

pub use builder::{BuildError, Builder, Generated, Report, workspace};
