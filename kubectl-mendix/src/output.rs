//! Formats of results.

use serde::Serialize;
use std::io::Write;
use std::str::FromStr;

/// Format of a result.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// For people, with more columns.
    Wide,
    /// One document.
    Json,
    /// One document.
    Yaml,
    /// `kind.group/name`, one a line.
    Name,
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "table" => Ok(Self::Table),
            "wide" => Ok(Self::Wide),
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            "name" => Ok(Self::Name),
            _ if is_template(text) => Err("not supported: use -o json and jq".to_owned()),
            _ => Err("formats are table, wide, json, yaml and name".to_owned()),
        }
    }
}

/// Formats of kubectl that need a language of their own.
fn is_template(text: &str) -> bool {
    ["jsonpath", "go-template", "custom-columns"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

/// `mendixapp.privatecloud.mendix.com/shop`, as kubectl names objects.
pub fn app_name(app: &str) -> String {
    format!("mendixapp.{}/{app}", mendix_model::crd::GROUP)
}

/// Writes one JSON document over several lines.
pub fn json(value: &impl Serialize, out: &mut dyn Write) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(writeln!(out, "{text}")?)
}

/// Writes one JSON document on one line, for streams of documents.
pub fn json_line(value: &impl Serialize, out: &mut dyn Write) -> anyhow::Result<()> {
    let text = serde_json::to_string(value)?;
    Ok(writeln!(out, "{text}")?)
}

/// Writes one YAML document.
pub fn yaml(value: &impl Serialize, out: &mut dyn Write) -> anyhow::Result<()> {
    // By way of JSON: the same omissions and the same names in both formats.
    let text = serde_saphyr::to_string(&serde_json::to_value(value)?)?;
    Ok(write!(out, "{text}")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::known("wide", Ok(OutputFormat::Wide))]
    #[case::jsonpath("jsonpath={.url}", Err("not supported: use -o json and jq"))]
    #[case::unknown("xml", Err("formats are table, wide, json, yaml and name"))]
    fn formats_are_read(#[case] text: &str, #[case] expected: Result<OutputFormat, &str>) {
        assert_eq!(text.parse::<OutputFormat>(), expected.map_err(str::to_owned));
    }
}
