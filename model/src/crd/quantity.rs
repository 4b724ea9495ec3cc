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

/// Suffixes and what they stand for; the longer ones first.
const SUFFIXES: &[(&str, u128)] = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
];

impl Quantity {
    /// The number in whole units (bytes, for memory), rounded down; nothing for what is no quantity or is negative.
    pub fn bytes(&self) -> Option<u64> {
        let text = self.0.trim();
        let milli = text.strip_suffix('m').and_then(|number| scaled(number, 1));
        if let Some(milli) = milli {
            return u64::try_from(milli / 1000).ok();
        }
        let suffix = SUFFIXES
            .iter()
            .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)));
        let (number, factor) = suffix.unwrap_or((text, 1));
        u64::try_from(scaled(number, factor)?).ok()
    }
}

/// A decimal number, with an exponent or without, times a factor.
fn scaled(number: &str, factor: u128) -> Option<u128> {
    let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let factor = factor.checked_mul(10u128.checked_pow(exponent.parse().ok()?)?)?;
    digits
        .checked_mul(factor)?
        .checked_div(10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?)
}

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

    #[rstest]
    #[case::bytes("123", Some(123))]
    #[case::mebibytes("512Mi", Some(536_870_912))]
    #[case::fraction("1.5Gi", Some(1_610_612_736))]
    #[case::decimal("1G", Some(1_000_000_000))]
    #[case::exponent("1e3", Some(1000))]
    #[case::milli("1500m", Some(1))]
    #[case::word("much", None)]
    #[case::empty("", None)]
    #[case::negative("-1", None)]
    fn a_quantity_of_memory_is_a_number_of_bytes(#[case] text: &str, #[case] expected: Option<u64>) {
        assert_eq!(Quantity::from(text).bytes(), expected);
    }

    #[test]
    fn a_quantity_is_not_a_list() {
        assert!(serde_json::from_str::<Quantity>("[]").is_err());
    }
}
