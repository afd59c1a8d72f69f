//! The model as files: templates say what the Rust looks like, tokens fill them, prettyplease lays them out.

mod docs;
mod example;
mod layout;
mod package;
mod paths;
mod tokens;
mod views;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use askama::Template;

use crate::cache::Reuse;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::digest::Digest;
use crate::model::{Api, Category, Model, Topic};
use crate::output::{Block, FileSet, Generator, banner};
use crate::parallel::map_in_parallel;
use crate::spec::{Authorization, MESSAGES, SPI_PREFIX, Specs, response_node};

pub use package::{crate_folder, package, package_name};
pub use paths::Paths;
use views::{CodeView, ErrorView, GatewayView, OpenEnumView, PagingView, StructView, TopicView};

/// The version of the contract between generated code and the runtime, which `top_protocol::generated` has.
const CONTRACT: u32 = 3;

/// Renders the module `api` on a number of threads, which make no difference to the result. Paths are relative to the
/// module's folder. With `features`, each category is behind a feature of its own.
///
/// # Errors
///
/// A template that does not render to Rust, which is a fault of this crate.
pub fn api(model: &Model, paths: &Paths, features: bool, threads: usize) -> Result<FileSet, Diagnostics> {
    api_with(model, paths, features, threads, Reuse::default())
}

/// Renders the module `api`, except for the files of methods and topics that can be reused.
///
/// # Errors
///
/// As [`api`].
pub(crate) fn api_with(
    model: &Model,
    paths: &Paths,
    features: bool,
    threads: usize,
    reuse: Reuse<'_>,
) -> Result<FileSet, Diagnostics> {
    let specs = Path::new("specs");
    let topics = !model.topics.is_empty();
    let root = ApiRoot { runtime: &paths.runtime, contract: CONTRACT, features, categories: &model.categories, topics };
    let mut rendered = vec![rust(paths.generator, "mod.rs", specs, &root)];
    for category in &model.categories {
        let module =
            CategoryFile { name: &category.name, features, apis: &category.apis, callbacks: &category.callbacks };
        rendered.push(rust(paths.generator, folder(category).join("mod.rs"), &specs.join(&category.name), &module));
    }
    let apis: Vec<_> =
        model.categories.iter().flat_map(|category| category.apis.iter().map(move |api| (category, api))).collect();
    rendered.extend(map_in_parallel(&apis, threads, |(category, api)| {
        let path = folder(category).join(format!("{}.rs", api.module));
        reusable(reuse, &("api", api, paths), path, |path| {
            rust(paths.generator, path, &api.spec, &ApiFile::new(api, paths))
        })
    }));
    if topics {
        let module =
            MessagesFile { runtime: &paths.runtime, topics: model.topics.iter().map(TopicView::new).collect() };
        rendered.push(rust(paths.generator, Path::new(MESSAGES).join("mod.rs"), &specs.join(MESSAGES), &module));
    }
    rendered.extend(map_in_parallel(&model.topics, threads, |topic| {
        let path = Path::new(MESSAGES).join(format!("{}.rs", topic.module));
        reusable(reuse, &("topic", topic, paths), path, |path| {
            rust(paths.generator, path, &topic.spec, &TopicFile::new(topic, paths))
        })
    }));
    let callbacks: Vec<_> = model.callbacks().collect();
    rendered.extend(map_in_parallel(&callbacks, threads, |callback| {
        let path = PathBuf::from(&callback.category).join(format!("{}.rs", callback.module));
        reusable(reuse, &("callback", callback, paths), path, |path| {
            rust(paths.generator, path, &callback.spec, &CallbackFile::new(callback, paths))
        })
    }));
    let mut files = FileSet::new([""]);
    let mut problems = Diagnostics::default();
    for file in rendered {
        match file {
            Ok(Rendered { path, text, key }) => files.put_reusable(path, text, key),
            Err(problem) => problems.push(problem),
        }
    }
    problems.into_result(files)
}

/// Renders what `generated-sdk` has beside its module `api`: the index of methods, and the features in its manifest.
///
/// # Errors
///
/// As [`api`].
pub fn sdk(model: &Model) -> Result<FileSet, Diagnostics> {
    let mut files = FileSet::new([]);
    let index = Index {
        count: docs::counted(model.method_count(), "method", "methods"),
        categories: model.categories.iter().map(IndexCategory::new).collect(),
        topics: model.topics.iter().map(TopicView::new).collect(),
    };
    let banner = banner(Generator::Xtask, Path::new("specs"));
    files.put(PathBuf::from("METHODS.md"), format!("<!-- {banner} -->\n\n{}", text("METHODS.md", &index)?));
    let features = Features { features: FeatureView::all(model), default: &model.default };
    files.block(Block {
        path: PathBuf::from("Cargo.toml"),
        begin: "# >>> one feature a category of methods, written by `cargo xtask gen`".to_owned(),
        end: "# <<< one feature a category of methods".to_owned(),
        text: text("features.toml", &features)?,
    });
    Ok(files)
}

/// Renders the platform's data, which the protocol's crate has.
///
/// # Errors
///
/// As [`api`].
pub fn platform(model: &Model) -> Result<FileSet, Diagnostics> {
    let file = PlatformFile {
        gateways: model.gateways.iter().map(GatewayView::new).collect(),
        codes: model.codes.iter().map(CodeView::new).collect(),
        secrets: model.secrets.iter().map(|secret| tokens::literal(secret)).collect(),
    };
    let mut files = FileSet::new([]);
    let mut problems = Diagnostics::default();
    match rust(Generator::Xtask, "src/platform.rs", &Path::new("specs").join("platform.yaml"), &file) {
        Ok(file) => files.put(file.path, file.text),
        Err(problem) => problems.push(problem),
    }
    problems.into_result(files)
}

/// Renders the specs that `cargo-top` ships with, as the source file `src/shipped.rs`.
///
/// # Errors
///
/// As [`api`].
pub fn shipped(specs: &Specs) -> Result<FileSet, Diagnostics> {
    let methods = specs.methods.iter().map(|method| ShippedSpec {
        category: &method.category,
        method: tokens::literal(&method.spec.method.value),
        text: tokens::raw_literal(&method.source.text.replace("\r\n", "\n")),
    });
    let topics = specs.topics.iter().map(|topic| ShippedTopic {
        topic: tokens::literal(&topic.spec.topic.value),
        text: tokens::raw_literal(&topic.source.text.replace("\r\n", "\n")),
    });
    let file = Shipped { specs: methods.collect(), topics: topics.collect() };
    let mut files = FileSet::new([]);
    let mut problems = Diagnostics::default();
    match rust(Generator::Xtask, "src/shipped.rs", Path::new("specs"), &file) {
        Ok(file) => files.put(file.path, file.text),
        Err(problem) => problems.push(problem),
    }
    problems.into_result(files)
}

/// Returns the copy of a `platform.yaml` that is built into this crate.
pub fn built_in_platform(text: &str) -> String {
    let banner = banner(Generator::Xtask, &Path::new("specs").join("platform.yaml"));
    format!("# {banner}\n\n{}", text.replace("\r\n", "\n"))
}

/// Renders the examples of all methods, for tests.
///
/// # Errors
///
/// As [`api`].
pub fn examples(model: &Model, paths: &Paths) -> Result<FileSet, Diagnostics> {
    let mut files = FileSet::new([]);
    let mut problems = Diagnostics::default();
    match rust(
        paths.generator,
        "tests/every_method/mod.rs",
        Path::new("specs"),
        &Examples { categories: &model.categories, paths },
    ) {
        Ok(file) => files.put(file.path, file.text),
        Err(problem) => problems.push(problem),
    }
    problems.into_result(files)
}

fn folder(category: &Category) -> PathBuf {
    PathBuf::from(&category.name)
}

/// Renders a template that is not Rust.
fn text(path: &str, template: &impl Template) -> Result<String, Diagnostics> {
    template.render().map_err(|error| {
        let source = Arc::new(Source { path: PathBuf::from(path), text: String::new() });
        let mut problems = Diagnostics::default();
        problems.push(Diagnostic::new(&source, None, format!("cannot render the template: {error}")));
        problems
    })
}

/// A rendered file.
struct Rendered {
    path: PathBuf,
    text: String,
    /// The digest of the input, if a later run can reuse the file.
    key: Option<Digest>,
}

/// Returns the file of an earlier run with the same input, or renders it.
fn reusable(
    reuse: Reuse<'_>,
    input: &impl Hash,
    path: PathBuf,
    render: impl FnOnce(PathBuf) -> Result<Rendered, Diagnostic>,
) -> Result<Rendered, Diagnostic> {
    let key = reuse.key(input);
    match key.as_ref().and_then(|key| reuse.text(&path, key)) {
        Some(text) => Ok(Rendered { path, text, key }),
        None => render(path).map(|rendered| Rendered { key, ..rendered }),
    }
}

/// Renders one file of Rust and lays it out.
fn rust(
    generator: Generator,
    path: impl Into<PathBuf>,
    spec: &Path,
    template: &impl Template,
) -> Result<Rendered, Diagnostic> {
    let path = path.into();
    let text = match template.render() {
        Ok(text) => text,
        Err(error) => {
            let source = Arc::new(Source { path, text: String::new() });
            return Err(Diagnostic::new(&source, None, format!("cannot render the template: {error}")));
        }
    };
    match syn::parse_file(&text) {
        Ok(file) => {
            let banner = banner(generator, spec);
            Ok(Rendered { path, text: format!("// {banner}\n\n{}", layout::text(file)), key: None })
        }
        Err(error) => {
            let message = format!("a template does not render to Rust: {error}");
            Err(Diagnostic::new(&Arc::new(Source { path, text }), None, message))
        }
    }
}

#[derive(Template)]
#[template(path = "api_root.rs", escape = "none")]
struct ApiRoot<'a> {
    runtime: &'a str,
    contract: u32,
    features: bool,
    categories: &'a [Category],
    topics: bool,
}

#[derive(Template)]
#[template(path = "category.rs", escape = "none")]
struct CategoryFile<'a> {
    name: &'a str,
    features: bool,
    apis: &'a [Api],
    callbacks: &'a [Api],
}

#[derive(Template)]
#[template(path = "platform.rs", escape = "none")]
struct PlatformFile {
    gateways: Vec<GatewayView>,
    codes: Vec<CodeView>,
    secrets: Vec<String>,
}

#[derive(Template)]
#[template(path = "shipped.rs", escape = "none")]
struct Shipped<'a> {
    specs: Vec<ShippedSpec<'a>>,
    topics: Vec<ShippedTopic>,
}

struct ShippedSpec<'a> {
    category: &'a str,
    method: String,
    text: String,
}

struct ShippedTopic {
    topic: String,
    text: String,
}

#[derive(Template)]
#[template(path = "METHODS.md", escape = "none")]
struct Index<'a> {
    count: String,
    categories: Vec<IndexCategory<'a>>,
    topics: Vec<TopicView<'a>>,
}

struct IndexCategory<'a> {
    name: &'a str,
    feature: &'a str,
    count: usize,
    apis: Vec<IndexApi<'a>>,
    callbacks: Vec<IndexCallback<'a>>,
}

struct IndexApi<'a> {
    api: &'a Api,
    title: String,
}

struct IndexCallback<'a> {
    callback: &'a Api,
    title: String,
}

impl<'a> IndexCategory<'a> {
    fn new(category: &'a Category) -> Self {
        let apis = category.apis.iter().map(|api| IndexApi { api, title: docs::line(&api.facts.title.value) });
        let title = |callback: &Api| docs::line(&callback.facts.title.value);
        let callbacks = category.callbacks.iter().map(|callback| IndexCallback { callback, title: title(callback) });
        Self {
            name: &category.name,
            feature: &category.feature,
            count: category.methods().len(),
            apis: apis.collect(),
            callbacks: callbacks.collect(),
        }
    }
}

/// The skeleton of a spec that a person is to fill in.
///
/// # Errors
///
/// As [`api`].
pub fn skeleton(method: &str) -> Result<String, Diagnostics> {
    text("spec.yaml", &Skeleton { method, node: response_node(method), spi: method.starts_with(SPI_PREFIX) })
}

#[derive(Template)]
#[template(path = "spec.yaml", escape = "none")]
struct Skeleton<'a> {
    method: &'a str,
    node: String,
    spi: bool,
}

/// The skeleton of the spec of a topic that a person is to fill in.
///
/// # Errors
///
/// As [`api`].
pub fn topic_skeleton(topic: &str) -> Result<String, Diagnostics> {
    text("topic.yaml", &TopicSkeleton { topic })
}

#[derive(Template)]
#[template(path = "topic.yaml", escape = "none")]
struct TopicSkeleton<'a> {
    topic: &'a str,
}

#[derive(Template)]
#[template(path = "features.toml", escape = "none")]
struct Features<'a> {
    features: Vec<FeatureView<'a>>,
    default: &'a [String],
}

#[derive(Template)]
#[template(path = "every_method.rs", escape = "none")]
struct Examples<'a> {
    categories: &'a [Category],
    paths: &'a Paths,
}

impl Examples<'_> {
    /// The examples of a category's requests, each with the method of the visitor that takes it.
    fn requests(&self, category: &Category) -> Vec<(&'static str, String)> {
        let visit = |api: &Api| if api.paging.is_some() { "visit_list" } else { "visit" };
        category.apis.iter().filter_map(|api| Some((visit(api), example::expression(api, self.paths)?))).collect()
    }
}

/// The feature of categories as a line of `Cargo.toml`.
struct FeatureView<'a> {
    name: &'a str,
    comment: String,
}

impl<'a> FeatureView<'a> {
    /// Returns the features of all categories, sorted by name.
    fn all(model: &'a Model) -> Vec<Self> {
        let mut features: BTreeMap<&str, Vec<&Category>> = BTreeMap::new();
        for category in &model.categories {
            features.entry(&category.feature).or_default().push(category);
        }
        features.into_iter().map(|(name, categories)| Self::new(name, &categories)).collect()
    }

    fn new(name: &'a str, categories: &[&Category]) -> Self {
        let count = categories.iter().map(|category| category.methods().len()).sum();
        let count = docs::counted(count, "method", "methods");
        let comment = match categories {
            [category] => format!("{count}, {} among them.", category.methods().first().copied().unwrap_or_default()),
            categories => {
                let names: Vec<&str> = categories.iter().map(|category| category.name.as_str()).collect();
                format!("{count} of the categories {}.", names.join(", "))
            }
        };
        Self { name, comment }
    }
}

#[derive(Template)]
#[template(path = "api.rs", escape = "none")]
struct ApiFile<'a> {
    api: &'a Api,
    runtime: &'a str,
    title: String,
    imports: String,
    docs: Vec<String>,
    method_literal: String,
    node_literal: String,
    authorization: Option<&'static str>,
    deprecated: Option<String>,
    errors: Vec<ErrorView>,
    enums: Vec<OpenEnumView>,
    paging: Option<PagingView>,
    request: StructView,
    request_objects: Vec<StructView>,
    response: StructView,
    outputs: Vec<StructView>,
}

impl<'a> ApiFile<'a> {
    fn new(api: &'a Api, paths: &'a Paths) -> Self {
        let input = |item| StructView::new(item, false);
        let output = |item| StructView::new(item, true);
        let response = output(&api.response).docs(docs::response(api));
        let outputs = std::iter::once(response.clone()).chain(api.response_objects.iter().map(output)).collect();
        Self {
            api,
            runtime: &paths.runtime,
            title: docs::line(&api.facts.title.value),
            imports: views::imports(api),
            docs: docs::request(api, paths),
            method_literal: tokens::literal(&api.method),
            node_literal: tokens::literal(&api.node),
            authorization: api.facts.authorization.map(|authorization| match authorization {
                Authorization::Required => "Required",
                Authorization::Optional => "Optional",
                Authorization::None => "None",
            }),
            deprecated: api.facts.deprecated.as_deref().map(views::deprecated),
            errors: api.facts.errors.iter().map(ErrorView::new).collect(),
            enums: api.enums.iter().map(OpenEnumView::new).collect(),
            paging: api.paging.as_ref().map(PagingView::new),
            request: input(&api.request),
            request_objects: api.request_objects.iter().map(input).collect(),
            response,
            outputs,
        }
    }
}

#[derive(Template)]
#[template(path = "callback.rs", escape = "none")]
struct CallbackFile<'a> {
    callback: &'a Api,
    runtime: &'a str,
    title: String,
    imports: String,
    docs: Vec<String>,
    method_literal: String,
    node_literal: String,
    enums: Vec<OpenEnumView>,
    request: StructView,
    request_objects: Vec<StructView>,
    response: StructView,
    response_objects: Vec<StructView>,
}

impl<'a> CallbackFile<'a> {
    fn new(callback: &'a Api, paths: &'a Paths) -> Self {
        // The platform sends the request and reads the response.
        let received = |item| StructView::new(item, true);
        let sent = |item| StructView::new(item, false);
        Self {
            callback,
            runtime: &paths.runtime,
            title: docs::line(&callback.facts.title.value),
            imports: views::callback_imports(callback),
            docs: docs::callback(callback, paths),
            method_literal: tokens::literal(&callback.method),
            node_literal: tokens::literal(&callback.node),
            enums: callback.enums.iter().map(OpenEnumView::new).collect(),
            request: received(&callback.request),
            request_objects: callback.request_objects.iter().map(received).collect(),
            response: sent(&callback.response).docs(docs::callback_response(callback)),
            response_objects: callback.response_objects.iter().map(sent).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "topic.rs", escape = "none")]
struct TopicFile<'a> {
    runtime: &'a str,
    topic: &'a str,
    title: String,
    imports: String,
    docs: Vec<String>,
    topic_literal: String,
    message: StructView,
    objects: Vec<StructView>,
    enums: Vec<OpenEnumView>,
}

impl<'a> TopicFile<'a> {
    fn new(topic: &'a Topic, paths: &'a Paths) -> Self {
        Self {
            runtime: &paths.runtime,
            topic: &topic.topic,
            title: docs::line(&topic.title),
            imports: views::topic_imports(topic),
            docs: docs::topic(topic),
            topic_literal: tokens::literal(&topic.topic),
            message: StructView::new(&topic.message, true),
            objects: topic.objects.iter().map(|item| StructView::new(item, true)).collect(),
            enums: topic.enums.iter().map(OpenEnumView::new).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "messages.rs", escape = "none")]
struct MessagesFile<'a> {
    runtime: &'a str,
    topics: Vec<TopicView<'a>>,
}
