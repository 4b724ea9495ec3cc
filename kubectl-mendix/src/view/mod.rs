//! What is shown of an app: pure, from objects to data. The JSON form of these types is what scripts rely on.

mod app;
mod claim;
mod environment;
mod held;
mod lease;
mod list;
pub mod parts;
mod pod;
mod sorted;

pub use app::AppView;
pub use claim::ClaimView;
pub use environment::{EnvironmentSummary, EnvironmentView};
pub use held::HeldView;
pub use lease::LeaseView;
pub use list::{AppList, AppSummary};
pub use parts::PartView;
pub use pod::PodView;

use crate::gather::Named;
use mendix_model::conditions::Progress;
use serde::Serialize;

/// How something is, in one word for scripts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub enum Health {
    /// It is as it should be.
    Ready,
    /// Work goes on; waiting helps.
    Progressing,
    /// Work has stopped; somebody must do something.
    Stalled,
    /// It does not exist yet.
    Absent,
    /// It could not be read.
    #[default]
    Unknown,
}

impl Health {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Progressing => "Progressing",
            Self::Stalled => "Stalled",
            Self::Absent => "Absent",
            Self::Unknown => "Unknown",
        }
    }
}

/// What stands behind a name.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum NamedView {
    /// An app.
    App(Box<AppView>),
    /// An environment without an app.
    Environment(Box<EnvironmentView>),
}

impl NamedView {
    /// The view of what was read.
    pub fn new(named: Named) -> Self {
        match named {
            Named::App(gathered) => Self::App(Box::new(AppView::new(*gathered))),
            Named::Environment(gathered) => Self::Environment(Box::new(EnvironmentView::new(*gathered))),
        }
    }
}

/// Health and cause out of conditions.
fn judged(progress: Progress) -> (Health, Option<String>) {
    match progress {
        Progress::Ready => (Health::Ready, None),
        Progress::Working { message, .. } => (Health::Progressing, Some(message)),
        Progress::Stalled { message, .. } => (Health::Stalled, Some(message)),
    }
}
