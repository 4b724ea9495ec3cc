//! Views as text. Decides nothing but where things stand.

mod changes;
mod columns;
mod list;
mod tree;

pub use changes::Changes;
pub(crate) use columns::{Row, columns};
pub use tree::Line;

use crate::view::{AppList, AppView, Health};
use jiff::Timestamp;
use serde::Serialize;

/// How a text is laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// More columns.
    pub wide: bool,
    /// Colours.
    pub colour: bool,
    /// Fit it into the width of the terminal.
    pub fit: bool,
}

/// A view that can be shown. Its serialized form is the documented one.
pub trait Shown: Serialize {
    /// For people.
    fn text(&self, layout: Layout, now: Timestamp) -> String;
    /// As a tree of things that may change.
    fn line(&self, wide: bool) -> Line;
    /// Names of the apps.
    fn names(&self) -> Vec<&str>;
    /// How everything together is.
    fn health(&self) -> Health;
    /// What could not be read.
    fn problems(&self) -> &[String];
    /// What a person must be told when there is nothing to show.
    fn remark(&self) -> Option<String>;
}

impl Shown for AppView {
    fn text(&self, layout: Layout, _now: Timestamp) -> String {
        tree::tree(self, layout)
    }

    fn line(&self, wide: bool) -> Line {
        tree::lines(self, wide)
    }

    fn names(&self) -> Vec<&str> {
        vec![&self.summary.name]
    }

    fn health(&self) -> Health {
        self.summary.health
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }

    fn remark(&self) -> Option<String> {
        None
    }
}

impl Shown for AppList {
    fn text(&self, layout: Layout, now: Timestamp) -> String {
        if self.apps.is_empty() {
            String::new()
        } else {
            list::list(self, layout, now)
        }
    }

    fn line(&self, _wide: bool) -> Line {
        list::line(self)
    }

    fn names(&self) -> Vec<&str> {
        self.apps.iter().map(|app| app.name.as_str()).collect()
    }

    fn health(&self) -> Health {
        self.health()
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }

    fn remark(&self) -> Option<String> {
        self.apps.is_empty().then(|| "no apps found".to_owned())
    }
}
