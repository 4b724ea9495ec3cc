//! Task pods: provision, deprovision, build; and the layer code as a library.

pub mod build;
mod call;
mod command;
pub mod image;
mod message;
mod network;
pub mod patience;
pub mod progress;
pub mod provision;
mod settings;
mod xml;

pub use command::{Answer, Command, TaskError, run};
pub use settings::SettingsError;
