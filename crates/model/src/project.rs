//! Which project a span belongs to.

use crate::{Resource, Text, keys};

/// The project of whatever names none.
pub const DEFAULT_PROJECT: &str = "default";

/// Returns the project of a span: the first that is present and not empty of the one `asked` for by the request,
/// the resource's `trackway.project`, `openinference.project.name` and `service.namespace`, and `default`.
pub fn project_of(asked: Option<&Text>, resource: &Resource) -> Text {
    if let Some(asked) = asked.filter(|name| !name.is_empty()) {
        return asked.clone();
    }
    [keys::TRACKWAY_PROJECT, keys::OPENINFERENCE_PROJECT, keys::SERVICE_NAMESPACE]
        .into_iter()
        .filter_map(|key| resource.attributes.text(key))
        .find(|name| !name.is_empty())
        .map_or(Text::literal(DEFAULT_PROJECT), Text::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn the_request_wins_over_the_resource_and_the_resource_over_the_default() {
        let named: Resource = Resource {
            attributes: [
                ("service.namespace", Value::from("shop")),
                ("openinference.project.name", Value::from("agents")),
                ("trackway.project", Value::from("")),
            ]
            .into_iter()
            .collect(),
            ..Resource::default()
        };
        assert_eq!(&*project_of(Some(&"asked".into()), &named), "asked");
        assert_eq!(&*project_of(Some(&"".into()), &named), "agents");
        assert_eq!(&*project_of(None, &Resource::default()), "default");
    }
}
