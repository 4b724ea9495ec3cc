//! A field without effect is accepted, with a warning. Every one of them is in a file of `examples/`.

use crate::fixture::{Fixture, NAMESPACE};
use anyhow::{Result, ensure};
use mendix_model::crd::fields::{TABLES, Table};
use std::collections::BTreeSet;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

#[tokio::test(flavor = "multi_thread")]
async fn every_field_without_effect_is_told_and_no_other() -> Result<()> {
    let fixture = Fixture::new("unused-fields").await?;
    let output = fixture
        .product
        .command("kubectl")
        .args(["create", "--dry-run=server", "-n", NAMESPACE, "-f", EXAMPLES])
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    let told: BTreeSet<_> = errors.lines().filter_map(sentence).collect();
    let unused: Vec<_> = TABLES.iter().flat_map(Table::unused).collect();
    let expected: BTreeSet<_> = unused.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(told, expected);
    Ok(())
}

/// What follows the name of the policy.
fn sentence(line: &str) -> Option<&str> {
    let (_, after) = line.split_once("-unused-fields-")?;
    after.find("spec.").and_then(|start| after.get(start..))
}
