//! Rendered example responses. Rendering a page of 40 trades takes far longer than the checks of a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::method::Method;
use crate::request::Parameters;
use crate::response::{Body, ResponseFormat};

/// The maximum bytes of the bodies and keys. When it is reached, the cache is emptied.
const MAX_BYTES: usize = 32 << 20;

/// The maximum bytes of the parameters of a key. Longer ones are rare, and not cached.
const MAX_KEY: usize = 200;

/// The rendered bodies of successful example responses.
#[derive(Debug, Default)]
pub(crate) struct ExampleCache(Mutex<Bodies>);

#[derive(Debug, Default)]
struct Bodies {
    by_key: HashMap<Key, Arc<Body>>,
    bytes: usize,
}

/// What an example response depends on: the method, the format, and the parameters of the pagination.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    method: String,
    format: ResponseFormat,
    parameters: Vec<Option<String>>,
}

impl Key {
    /// Returns the key of a call. `None` if its response is not cached.
    pub(crate) fn new(method: &Method, format: ResponseFormat, parameters: &Parameters<'_>) -> Option<Self> {
        let sent: Vec<_> = method.paging_parameters().map(|name| parameters.get(name)).collect();
        if sent.iter().flatten().map(|value| value.len()).sum::<usize>() > MAX_KEY {
            return None;
        }
        let parameters = sent.into_iter().map(|value| value.map(str::to_owned)).collect();
        Some(Self { method: method.spec.method.value.clone(), format, parameters })
    }
}

impl ExampleCache {
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Body>> {
        let bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.by_key.get(key).cloned()
    }

    pub(crate) fn put(&self, key: Key, body: Arc<Body>) {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.bytes += body.len() + MAX_KEY;
        if bodies.bytes > MAX_BYTES {
            *bodies = Bodies { by_key: HashMap::new(), bytes: body.len() + MAX_KEY };
        }
        bodies.by_key.insert(key, body);
    }
}

#[cfg(test)]
mod tests {
    use crate::value::Value;

    use super::*;

    #[test]
    fn limits_the_memory() {
        let cache = ExampleCache::default();
        let key = |page: usize| Key {
            method: "a.get".to_owned(),
            format: ResponseFormat::Json,
            parameters: vec![Some(page.to_string())],
        };
        let members = vec![("a".to_owned(), Value::Text("x".repeat(1 << 20)))];
        let body = Arc::new(Body::new("a", members, ResponseFormat::Json));
        for page in 0..100 {
            cache.put(key(page), Arc::clone(&body));
            assert!(cache.get(&key(page)).is_some());
            assert!(cache.0.lock().unwrap().bytes <= MAX_BYTES);
        }
        assert!(cache.get(&key(0)).is_none());
    }
}
