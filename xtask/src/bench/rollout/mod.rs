//! What a client sees of a rollout: how long nobody answers while the model changes, and how many requests fail while
//! settings do. Beside it what people do with kubectl, on the same app without a guard.

mod model;
mod settings;

use super::Measurement;
use crate::base_image;
use anyhow::Result;
use mendix_cases::Product;

const BENCH: &str = "rollout";

pub(super) async fn measure_on(product: &Product) -> Result<Vec<Measurement>> {
    let registry = product.cluster.registry();
    base_image::push(&format!("{registry}/runtime-base:10.24.0"), false).await?;
    let mut all = model::measure(product).await?;
    all.extend(settings::measure(product).await?);
    Ok(all)
}
