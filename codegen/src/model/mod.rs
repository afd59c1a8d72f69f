//! The model of the generated code: specs resolved to names, types and modules. The same specs give the same model.

mod names;
mod objects;
mod paging;
mod topics;
mod types;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use types::{
    Api, Category, Field, FieldKind, FieldPath, Limit, Model, OpenEnum, Paging, Struct, TimeWindow, Topic,
};

use crate::categories::features;
use crate::parallel::{available_threads, map_in_parallel};
use crate::spec::{Method, Pages, Parameter, Platform, Spec, Specs, spi_content};

/// The default category: it contains the methods of a first call.
const DEFAULT_CATEGORY: &str = "top";

/// Resolves valid specs.
pub fn resolve(specs: &Specs) -> Model {
    let mut categories: BTreeMap<&str, Vec<&Method>> = BTreeMap::new();
    for method in &specs.methods {
        categories.entry(&method.category).or_default().push(method);
    }
    let default = categories.keys().filter(|name| **name == DEFAULT_CATEGORY).map(|name| (*name).to_owned()).collect();
    let names: Vec<&str> = categories.keys().copied().collect();
    let categories: Vec<_> = categories.into_iter().zip(features(&names)).collect();
    let categories = map_in_parallel(&categories, available_threads(), |((name, methods), feature)| {
        category(name, feature, methods.clone(), &specs.platform)
    });
    let platform = &specs.platform;
    Model {
        categories,
        topics: topics::resolve(&specs.topics, platform),
        default,
        gateways: platform.gateways.clone(),
        codes: platform.errors.clone(),
        secrets: platform.secrets.iter().map(|secret| secret.value.clone()).collect(),
    }
}

fn category(name: &str, feature: &str, mut methods: Vec<&Method>, platform: &Platform) -> Category {
    methods.sort_by(|a, b| a.spec.method.value.cmp(&b.spec.method.value));
    let (apis, callbacks): (Vec<_>, Vec<_>) = (
        methods.iter().filter(|method| method.spec.direction.is_api()).collect(),
        methods.iter().filter(|method| method.spec.direction.is_spi()).collect(),
    );
    let stem = |method: &Method| stem(&method.spec.method.value).to_owned();
    let stems = apis.iter().map(|method| stem(method));
    let stems: Vec<_> = stems.chain(callbacks.iter().map(|method| format!("{}.spi", stem(method)))).collect();
    let stems: Vec<_> = stems.iter().map(String::as_str).collect();
    let modules = names::unique_names(&stems, names::Case::Module);
    let structs = names::unique_names(&stems, names::Case::Type);
    let mut names = modules.into_iter().zip(structs);
    Category {
        name: name.to_owned(),
        feature: feature.to_owned(),
        apis: apis
            .into_iter()
            .zip(&mut names)
            .map(|(method, (module, name))| api(&method.category, &method.spec, module, &name, platform))
            .collect(),
        callbacks: callbacks
            .into_iter()
            .zip(names)
            .map(|(method, (module, name))| callback(method, module, &name, platform))
            .collect(),
    }
}

fn callback(method: &Method, module: String, name: &str, platform: &Platform) -> Api {
    let spec = &method.spec;
    let (_, request) = spi_content(&spec.request);
    let (root, response) = spi_content(&spec.response.fields);
    let node = root.unwrap_or(&spec.response.node.value);
    let content = Content { request, response, node, pages: None, reserved: Some("Spi") };
    module_of(&method.category, spec, content, module, name, platform)
}

/// Returns the path of a spec, relative to the root of the project.
fn spec_path(category: &str, spec: &Spec) -> PathBuf {
    PathBuf::from("specs").join(category).join(format!("{}.yaml", spec.method.value))
}

/// Resolves a valid spec alone. Its names are unique within the method, but not within the category.
pub fn resolve_method(category: &str, spec: &Spec, platform: &Platform) -> Api {
    let stem = stem(&spec.method.value);
    api(category, spec, names::module_name(stem), &names::pascal_case(stem), platform)
}

fn api(category: &str, spec: &Spec, module: String, name: &str, platform: &Platform) -> Api {
    let content = Content {
        request: &spec.request,
        response: &spec.response.fields,
        node: &spec.response.node.value,
        pages: spec.pages.as_ref(),
        reserved: None,
    };
    module_of(category, spec, content, module, name, platform)
}

/// What the module of a method contains.
struct Content<'s> {
    request: &'s [Parameter],
    response: &'s [Parameter],
    /// The root node of the response.
    node: &'s str,
    pages: Option<&'s Pages>,
    /// A name that no type of the module may have.
    reserved: Option<&'static str>,
}

fn module_of(
    category: &str,
    spec: &Spec,
    content: Content<'_>,
    module: String,
    name: &str,
    platform: &Platform,
) -> Api {
    let names = [format!("{name}Request"), format!("{name}Response")];
    let mut scope = objects::Scope::new(names.into_iter().chain(content.reserved.map(str::to_owned)), platform);
    // Response objects keep the names of the documents; request objects with the same name get a suffix.
    let response = objects::resolve(content.response, &format!("{name}Response"), "", &mut scope);
    let request = objects::resolve(content.request, &format!("{name}Request"), "Input", &mut scope);
    let paging = content.pages.and_then(|pages| paging::resolve(pages, &request, &response));
    Api {
        method: spec.method.value.clone(),
        facts: spec.facts.clone(),
        node: content.node.to_owned(),
        spec: spec_path(category, spec),
        category: category.to_owned(),
        module,
        request: request.root,
        request_objects: request.objects,
        response: response.root,
        response_objects: response.objects,
        enums: scope.enums,
        paging,
    }
}

/// Returns a method's name without the prefix that root nodes omit too.
fn stem(method: &str) -> &str {
    method.strip_prefix("taobao.").unwrap_or(method)
}
