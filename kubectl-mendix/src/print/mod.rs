//! Views as text. Decides nothing but where things stand.

mod changes;
mod columns;
mod environment;
pub(crate) mod history;
mod lease;
mod list;
pub(crate) mod plan;
mod tree;

pub use changes::Changes;
pub(crate) use columns::{Row, columns};
pub(crate) use list::age;
pub use tree::Line;

use crate::intent;
use crate::output::app_name;
use crate::view::{AppList, AppView, EnvironmentView, Health, NamedView};
use jiff::Timestamp;

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

/// A view that can be shown to people.
pub trait Shown {
    /// For people.
    fn text(&self, layout: Layout, now: Timestamp) -> String;
    /// As a tree of things that may change.
    fn line(&self, wide: bool) -> Line;
    /// What is shown, as kubectl names objects.
    fn names(&self) -> Vec<String>;
    /// How everything together is.
    fn health(&self) -> Health;
    /// What could not be read.
    fn problems(&self) -> &[String];
    /// What a person must be told when there is nothing to show.
    fn remark(&self) -> Option<String>;
}

impl Shown for AppView {
    fn text(&self, layout: Layout, _now: Timestamp) -> String {
        tree::tree(&self.line(layout.wide), layout)
    }

    fn line(&self, wide: bool) -> Line {
        tree::lines(self, wide)
    }

    fn names(&self) -> Vec<String> {
        vec![app_name(&self.summary.name)]
    }

    fn health(&self) -> Health {
        self.health()
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }

    fn remark(&self) -> Option<String> {
        None
    }
}

impl Shown for EnvironmentView {
    fn text(&self, layout: Layout, _now: Timestamp) -> String {
        tree::tree(&self.line(layout.wide), layout)
    }

    fn line(&self, wide: bool) -> Line {
        environment::lines(self, wide)
    }

    fn names(&self) -> Vec<String> {
        vec![intent::object_name(&self.summary.name)]
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

impl NamedView {
    fn shown(&self) -> &dyn Shown {
        match self {
            Self::App(view) => view.as_ref(),
            Self::Environment(view) => view.as_ref(),
        }
    }
}

impl Shown for NamedView {
    fn text(&self, layout: Layout, now: Timestamp) -> String {
        self.shown().text(layout, now)
    }

    fn line(&self, wide: bool) -> Line {
        self.shown().line(wide)
    }

    fn names(&self) -> Vec<String> {
        self.shown().names()
    }

    fn health(&self) -> Health {
        self.shown().health()
    }

    fn problems(&self) -> &[String] {
        self.shown().problems()
    }

    fn remark(&self) -> Option<String> {
        self.shown().remark()
    }
}

impl Shown for AppList {
    fn text(&self, layout: Layout, now: Timestamp) -> String {
        if self.is_empty() {
            String::new()
        } else {
            list::list(self, layout, now)
        }
    }

    fn line(&self, _wide: bool) -> Line {
        list::line(self)
    }

    fn names(&self) -> Vec<String> {
        let apps = self.apps.iter().map(|app| app_name(&app.name));
        let environments = self.environments.iter();
        let environments = environments.map(|it| intent::object_name(&it.name));
        apps.chain(environments).collect()
    }

    fn health(&self) -> Health {
        self.health()
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }

    fn remark(&self) -> Option<String> {
        self.is_empty().then(|| "no apps found".to_owned())
    }
}
