//! The headers of the crate `http`, which hyper, axum, tonic and reqwest have in common.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Extract, Inject};

/// ```
/// use http::HeaderMap;
/// use trackway_wire::propagation::{Baggage, SpanContext};
///
/// let mut headers = HeaderMap::new();
/// Baggage::default().with("tier", "gold").inject(&mut headers);
/// assert_eq!(headers["baggage"], "tier=gold");
/// assert_eq!(SpanContext::extract(&headers)?, None);
/// # Ok::<(), trackway_wire::propagation::Corrupt>(())
/// ```
impl Extract for HeaderMap {
    fn each(&self, name: &str, each: &mut dyn FnMut(&str)) {
        // `HeaderValue::to_str` would refuse what is not ASCII.
        let texts = self.get_all(name).into_iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        texts.for_each(each);
    }

    fn entries(&self, each: &mut dyn FnMut(&str, &str)) {
        for (name, value) in self {
            if let Ok(text) = std::str::from_utf8(value.as_bytes()) {
                each(name.as_str(), text);
            }
        }
    }
}

/// A text that no header can hold is left out.
impl Inject for HeaderMap {
    fn put(&mut self, name: &str, text: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(text)) {
            self.insert(name, value);
        }
    }
}
