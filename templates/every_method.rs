//! The example of every method as a value, for tests that hold of all of them.

use generated_sdk::api;
use generated_sdk::protocol::Request;

/// What a test does with each request.
pub trait Visit {
    /// Takes a request in.
    fn visit<R: Request>(&mut self, request: R);
}

/// Shows `visitor` the example of every method, in the order of categories and methods.
#[allow(deprecated, reason = "deprecated methods have examples too")]
pub fn each(visitor: &mut impl Visit) -> Result<(), Box<dyn std::error::Error>> {
    {%- for category in categories %}
    {%- for request in self.requests(category) %}
    visitor.visit({{ request }});
    {%- endfor %}
    {%- endfor %}
    Ok(())
}
