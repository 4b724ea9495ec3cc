//! Resource quantities as people write them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// A Kubernetes quantity such as `500m`, `512Mi` or `2`.
///
/// Built-in resources take a bare number too (`cpu: 1`), so ours must; it is kept as the text of that number.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Quantity(pub String);

/// Limits or requests: resource name to quantity.
pub type Quantities = BTreeMap<String, Quantity>;

impl From<&str> for Quantity {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&Quantity> for k8s_openapi::apimachinery::pkg::api::resource::Quantity {
    fn from(quantity: &Quantity) -> Self {
        Self(quantity.0.clone())
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

struct QuantityVisitor;

impl de::Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a quantity such as 500m, 512Mi or 2")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
        Ok(Quantity(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Quantity, E> {
        Ok(Quantity(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantity, E> {
        Ok(Quantity(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity, E> {
        Ok(Quantity(number.to_string()))
    }
}

impl JsonSchema for Quantity {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // What controller-gen writes for the built-in type; Kubernetes forbids a plain `type` beside it.
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "anyOf": [{ "type": "integer" }, { "type": "string" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;
    use rstest::rstest;

    #[rstest]
    #[case::text(r#""500m""#, "500m")]
    #[case::integer("1", "1")]
    #[case::fraction("0.5", "0.5")]
    fn a_quantity_may_be_written_as_text_or_number(#[case] json: &str, #[case] expected: &str) {
        let quantity: Quantity = serde_json::from_str(json).expect("quantity");
        assert_eq!(quantity.0, expected);
    }

    #[test]
    fn a_quantity_is_not_a_list() {
        assert!(serde_json::from_str::<Quantity>("[]").is_err());
    }
}
