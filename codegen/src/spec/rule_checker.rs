//! The checker of rules: collects diagnostics, and looks up the objects of a request, a response or a message.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::platform::Platform;
use super::types::Parameter;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::graph::{Edges, leading_to_cycles};

/// Checks the rules of a spec, and reports violations.
pub(super) struct RuleChecker<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) platform: &'a Platform,
    pub(super) problems: &'a mut Diagnostics,
}

/// A diagnostic that is not yet added to the others.
#[must_use]
pub(super) struct DiagnosticBuilder<'a> {
    diagnostic: Diagnostic,
    problems: &'a mut Diagnostics,
}

impl DiagnosticBuilder<'_> {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(help);
        self
    }

    pub(super) fn emit(self) {
        self.problems.push(self.diagnostic);
    }
}

impl RuleChecker<'_> {
    pub(super) fn problem(&mut self, span: Range<usize>, message: impl Into<String>) -> DiagnosticBuilder<'_> {
        DiagnosticBuilder { diagnostic: Diagnostic::new(self.source, span, message), problems: self.problems }
    }
}

/// What parameters belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
    /// The content of a message.
    Message,
}

impl Direction {
    /// Returns the word for an error message.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Message => "message",
        }
    }
}

/// A request, a response or a message, with all descriptions of its objects.
pub(super) struct ParameterScope<'p> {
    pub(super) direction: Direction,
    /// The top-level parameters.
    parameters: &'p [Parameter],
    pub(super) objects: BTreeMap<&'p str, Vec<&'p [Parameter]>>,
    /// The objects whose required fields lead to a cycle, so that no value can exist.
    pub(super) unconstructible: BTreeSet<&'p str>,
}

impl<'p> ParameterScope<'p> {
    pub(super) fn new(parameters: &'p [Parameter], direction: Direction) -> Self {
        let mut scope = Self { direction, parameters, objects: BTreeMap::new(), unconstructible: BTreeSet::new() };
        scope.collect(parameters);
        let required = |fields: &&'p [Parameter]| {
            let required = fields.iter().filter(|field| field.is_required()).map(|field| field.type_name().name);
            required.filter(|name| scope.objects.contains_key(name)).collect()
        };
        let described = scope.objects.iter().filter_map(|(name, described)| Some((*name, described.last()?)));
        let edges: Edges<'p> = described.map(|(name, fields)| (name, required(fields))).collect();
        scope.unconstructible = leading_to_cycles(&edges);
        scope
    }

    fn collect(&mut self, parameters: &'p [Parameter]) {
        for parameter in parameters.iter().filter(|parameter| !parameter.fields.is_empty()) {
            self.objects.entry(parameter.type_name().name).or_default().push(&parameter.fields);
            self.collect(&parameter.fields);
        }
    }

    /// Returns the parameters below a path: the fields of its last one, or the top level.
    pub(super) fn level(&self, path: &[&'p Parameter]) -> &'p [Parameter] {
        path.last().map_or(self.parameters, |parameter| self.fields(parameter))
    }

    /// Returns the fields of the object in a parameter, which may be described elsewhere.
    fn fields(&self, parameter: &'p Parameter) -> &'p [Parameter] {
        if !parameter.fields.is_empty() {
            return &parameter.fields;
        }
        self.objects
            .get(parameter.type_name().name)
            .and_then(|described| described.first())
            .copied()
            .unwrap_or_default()
    }
}
