//! The API changes between generated files and those on disk: public types, fields and variants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Fields, ImplItem, Item, Type, Visibility};

use super::{FileSet, OutputError, generated_files};
use crate::difference::{Difference, DifferenceKind};

impl FileSet {
    /// Returns the API changes of writing the set to `folder`, sorted by item. The fields of an added or removed type
    /// are not listed.
    ///
    /// # Errors
    ///
    /// If a file of the folder cannot be read.
    pub fn differences(&self, folder: &Path) -> Result<Vec<Difference>, OutputError> {
        let mut before = Items::new();
        for owned in &self.owned {
            for (path, text) in generated_files(folder, &folder.join(owned), |_| true)? {
                collect(&module(&path), &text, &mut before);
            }
        }
        let mut after = Items::new();
        for (path, text) in self.files().filter(|(path, _)| self.owned.iter().any(|owned| path.starts_with(owned))) {
            collect(&module(path), text, &mut after);
        }
        let mut differences = Vec::new();
        for (name, was) in &before {
            match after.get(name) {
                None => differences.push(Difference { item: name.clone(), kind: DifferenceKind::Removed }),
                Some(now) => members(name, was, now, &mut differences),
            }
        }
        let new = after.keys().filter(|name| !before.contains_key(*name));
        differences.extend(new.map(|name| Difference { item: name.clone(), kind: DifferenceKind::Added }));
        differences.sort_by(|a, b| a.item.cmp(&b.item));
        Ok(differences)
    }
}

/// Types by name, each with its members and their types.
type Items = BTreeMap<String, BTreeMap<String, String>>;

fn members(
    item: &str,
    was: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
    differences: &mut Vec<Difference>,
) {
    for (name, type_before) in was {
        let kind = match now.get(name) {
            None => DifferenceKind::Removed,
            Some(type_now) if type_now != type_before => DifferenceKind::Retyped(type_before.clone(), type_now.clone()),
            Some(_) => continue,
        };
        differences.push(Difference { item: format!("{item}{name}"), kind });
    }
    for name in now.keys().filter(|name| !was.contains_key(*name)) {
        differences.push(Difference { item: format!("{item}{name}"), kind: DifferenceKind::Added });
    }
}

/// Returns the path that users write: the category for a request and a response, and the module of the method for other
/// types.
fn module(path: &Path) -> Vec<String> {
    let path: PathBuf = path.with_extension("");
    let names = path.iter().map(|name| name.to_string_lossy().into_owned());
    names.skip_while(|name| name != "api").skip(1).filter(|name| name != "mod").collect()
}

/// Adds the public types of a file. A file that is not valid Rust, such as an edited one, has none.
fn collect(module: &[String], text: &str, items: &mut Items) {
    let Ok(file) = syn::parse_file(text) else { return };
    let reexported = reexported(&file);
    for item in file.items {
        let (name, members) = match item {
            Item::Struct(item) => {
                let Fields::Named(fields) = item.fields else { continue };
                let public = fields.named.iter().filter(|field| matches!(field.vis, Visibility::Public(_)));
                let members = public.filter_map(|field| {
                    let name = field.ident.as_ref()?;
                    Some((format!(".{name}"), type_text(&field.ty)))
                });
                (item.ident.to_string(), members.collect())
            }
            Item::Enum(item) => {
                let values = item.variants.iter().map(|variant| (format!("::{}", variant.ident), String::new()));
                (item.ident.to_string(), values.collect())
            }
            _ => continue,
        };
        let module = if reexported.contains(&name) { &module[..module.len().min(1)] } else { module };
        let path = module.iter().chain([&name]).cloned().collect::<Vec<_>>().join("::");
        items.insert(path, members);
    }
}

/// Returns the types that the module above re-exports: a request, its struct of required fields, its response, and the
/// message of a topic.
fn reexported(file: &syn::File) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for item in &file.items {
        let Item::Impl(item) = item else { continue };
        let Some((path, _)) = &item.trait_ else { continue };
        if path.is_ident("Topic") {
            names.insert(type_text(&item.self_ty));
        }
        if !path.is_ident("Request") {
            continue;
        }
        let request = type_text(&item.self_ty);
        names.insert(request.strip_suffix("Request").unwrap_or(&request).to_owned() + "Required");
        names.insert(request);
        names.extend(item.items.iter().filter_map(|item| match item {
            ImplItem::Type(item) if item.ident == "Response" => Some(type_text(&item.ty)),
            _ => None,
        }));
    }
    names
}

/// Returns the source text of a type.
fn type_text(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
