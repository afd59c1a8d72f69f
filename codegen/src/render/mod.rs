//! The model as files: templates say what the Rust looks like, tokens fill them, prettyplease lays them out.

mod docs;
mod example;
mod layout;
mod tokens;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use askama::Template;

use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::model::{Api, Category, Model};
use crate::output::{Block, FileSet};
use crate::parallel::on_threads;
use crate::spec::{Authorization, response_node};

use views::{ChoiceView, CodeView, ErrorView, GatewayView, PagingView, StructView};

/// Renders the whole SDK on a number of threads, which make no difference to what comes out. Paths are relative to the
/// folder of the crate `generated-sdk`.
///
/// # Errors
///
/// Only if a template makes something that is no Rust, which is a fault of this crate and is told as one.
pub fn render(model: &Model, threads: usize) -> Result<FileSet, Diagnostics> {
    let mut problems = Diagnostics::default();
    let platform = PlatformFile {
        gateways: model.gateways.iter().map(GatewayView::new).collect(),
        codes: model.codes.iter().map(CodeView::new).collect(),
        secrets: model.secrets.iter().map(|secret| tokens::literal(secret)).collect(),
    };
    let specs = Path::new("specs");
    let mut rendered = vec![
        rust("src/api/mod.rs", specs, &ApiRoot { categories: &model.categories }),
        rust("src/platform.rs", &specs.join("platform.yaml"), &platform),
    ];
    for category in &model.categories {
        let module = CategoryFile { name: &category.name, apis: &category.apis };
        rendered.push(rust(folder(category).join("mod.rs"), &specs.join(&category.name), &module));
    }
    let apis: Vec<_> =
        model.categories.iter().flat_map(|category| category.apis.iter().map(move |api| (category, api))).collect();
    rendered.extend(on_threads(&apis, threads, |(category, api)| {
        rust(folder(category).join(format!("{}.rs", api.module)), &api.spec, &ApiFile::new(api))
    }));
    let mut files = FileSet::new(["src/api"]);
    for file in rendered {
        match file {
            Ok((path, text)) => files.put(path, text),
            Err(problem) => problems.push(problem),
        }
    }
    let index = Index {
        count: docs::counted(model.apis().count(), "method", "methods"),
        categories: model.categories.iter().map(IndexCategory::new).collect(),
    };
    let banner = crate::output::banner(specs);
    files.put(PathBuf::from("METHODS.md"), format!("<!-- {banner} -->\n\n{}", index.render().unwrap_or_default()));
    let features =
        Features { categories: model.categories.iter().map(FeatureView::new).collect(), default: &model.default };
    files.block(Block {
        path: PathBuf::from("Cargo.toml"),
        begin: "# >>> one feature a category of methods, written by `cargo xtask gen`",
        end: "# <<< one feature a category of methods",
        text: features.render().unwrap_or_default(),
    });
    problems.or(files)
}

/// Renders the examples of all methods, for tests.
///
/// # Errors
///
/// As [`render`].
pub fn examples(model: &Model) -> Result<FileSet, Diagnostics> {
    let mut files = FileSet::new([]);
    let mut problems = Diagnostics::default();
    match rust("tests/every_method/mod.rs", Path::new("specs"), &Examples { categories: &model.categories }) {
        Ok((path, text)) => files.put(path, text),
        Err(problem) => problems.push(problem),
    }
    problems.or(files)
}

fn folder(category: &Category) -> PathBuf {
    Path::new("src/api").join(&category.name)
}

/// Renders one file of Rust and lays it out.
fn rust(path: impl Into<PathBuf>, spec: &Path, template: &impl Template) -> Result<(PathBuf, String), Diagnostic> {
    let path = path.into();
    let text = template.render().unwrap_or_default();
    match syn::parse_file(&text) {
        Ok(file) => {
            let banner = crate::output::banner(spec);
            Ok((path, format!("// {banner}\n\n{}", layout::text(file))))
        }
        Err(error) => {
            let message = format!("the templates make something that is no Rust: {error}");
            Err(Diagnostic::new(&Arc::new(Source { path, text }), None, message))
        }
    }
}

#[derive(Template)]
#[template(path = "api_root.rs", escape = "none")]
struct ApiRoot<'a> {
    categories: &'a [Category],
}

#[derive(Template)]
#[template(path = "category.rs", escape = "none")]
struct CategoryFile<'a> {
    name: &'a str,
    apis: &'a [Api],
}

#[derive(Template)]
#[template(path = "platform.rs", escape = "none")]
struct PlatformFile {
    gateways: Vec<GatewayView>,
    codes: Vec<CodeView>,
    secrets: Vec<String>,
}

#[derive(Template)]
#[template(path = "METHODS.md", escape = "none")]
struct Index<'a> {
    count: String,
    categories: Vec<IndexCategory<'a>>,
}

struct IndexCategory<'a> {
    name: &'a str,
    apis: Vec<IndexApi<'a>>,
}

struct IndexApi<'a> {
    method: &'a str,
    title: String,
    request: &'a str,
    module: &'a str,
}

impl<'a> IndexCategory<'a> {
    fn new(category: &'a Category) -> Self {
        let apis = category.apis.iter().map(|api| IndexApi {
            method: &api.method,
            title: docs::line(&api.title),
            request: &api.request.name,
            module: &api.module,
        });
        Self { name: &category.name, apis: apis.collect() }
    }
}

/// The skeleton of a spec that a person is to fill in.
pub fn skeleton(method: &str) -> String {
    let node = response_node(method);
    Skeleton { method, node }.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "spec.yaml", escape = "none")]
struct Skeleton<'a> {
    method: &'a str,
    node: String,
}

#[derive(Template)]
#[template(path = "features.toml", escape = "none")]
struct Features<'a> {
    categories: Vec<FeatureView<'a>>,
    default: &'a [String],
}

#[derive(Template)]
#[template(path = "every_method.rs", escape = "none")]
struct Examples<'a> {
    categories: &'a [Category],
}

impl Examples<'_> {
    /// The requests of a category's examples.
    fn requests(&self, category: &Category) -> Vec<String> {
        category.apis.iter().filter_map(example::expression).collect()
    }
}

/// A category as a line of `Cargo.toml`.
struct FeatureView<'a> {
    name: &'a str,
    comment: String,
}

impl<'a> FeatureView<'a> {
    fn new(category: &'a Category) -> Self {
        let count = docs::counted(category.apis.len(), "method", "methods");
        let first = category.apis.first().map_or("", |api| api.method.as_str());
        Self { name: &category.name, comment: format!("{count}, {first} among them.") }
    }
}

#[derive(Template)]
#[template(path = "api.rs", escape = "none")]
struct ApiFile<'a> {
    method: &'a str,
    title: String,
    imports: String,
    docs: Vec<String>,
    method_literal: String,
    node_literal: String,
    authorization: Option<&'static str>,
    https_only: bool,
    reads: Option<bool>,
    deprecated: Option<String>,
    errors: Vec<ErrorView>,
    choices: Vec<ChoiceView>,
    paging: Option<PagingView>,
    request: StructView,
    request_objects: Vec<StructView>,
    response: StructView,
    outputs: Vec<StructView>,
}

impl<'a> ApiFile<'a> {
    fn new(api: &'a Api) -> Self {
        let input = |item| StructView::new(item, false);
        let output = |item| StructView::new(item, true);
        let response = output(&api.response).docs(docs::response(api));
        let outputs = std::iter::once(response.clone()).chain(api.response_objects.iter().map(output)).collect();
        Self {
            method: &api.method,
            title: docs::line(&api.title),
            imports: views::imports(api),
            docs: docs::request(api),
            method_literal: tokens::literal(&api.method),
            node_literal: tokens::literal(&api.node),
            authorization: api.authorization.map(|authorization| match authorization {
                Authorization::Required => "Required",
                Authorization::Optional => "Optional",
                Authorization::None => "None",
            }),
            https_only: api.https_only,
            reads: api.reads,
            deprecated: api.deprecated.as_deref().map(views::deprecated),
            errors: api.errors.iter().map(ErrorView::new).collect(),
            choices: api.choices.iter().map(ChoiceView::new).collect(),
            paging: api.paging.as_ref().map(PagingView::new),
            request: input(&api.request),
            request_objects: api.request_objects.iter().map(input).collect(),
            response,
            outputs,
        }
    }
}
