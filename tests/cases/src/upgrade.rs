//! Another release in place of the one that is installed.

use crate::product::{Prepared, Product, RELEASE_NAMESPACE, workspace};
use anyhow::Result;

impl Product {
    /// Upgrades the chart to what counts as another release: its image has another name, and that stands in the templates
    /// of pods. Returns that image. The next process of tests goes back.
    pub async fn upgrade(&self) -> Result<String> {
        let image = Prepared::of_environment(self.cluster.registry())?.image;
        let next = format!("{}/mendix-next:test", self.cluster.registry());
        self.cluster.crane(&["copy", "--insecure", &image, &next]).await?;
        let chart = workspace().join("charts/mendix");
        let set = format!("image.reference={next}");
        let arguments = [
            "upgrade",
            "mendix",
            &chart.to_string_lossy(),
            "--wait",
            "--reuse-values",
        ];
        let place = ["--namespace", RELEASE_NAMESPACE, "--set", &set];
        self.run("helm", &[&arguments[..], &place].concat())?;
        Ok(next)
    }
}
