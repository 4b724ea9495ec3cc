//! Which layer a file belongs to: files that change together lie together, so that an app that changes moves only what
//! changed. Pure.

/// A layer of an app, from what changes seldom to what changes with each export.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Libraries of the app's authors.
    Libraries,
    /// Resources and theme.
    Resources,
    /// Pages and widgets.
    Web,
    /// The model, and all that belongs nowhere else.
    Model,
}

impl Kind {
    /// All, lowest layer first.
    pub const ALL: [Self; 4] = [Self::Libraries, Self::Resources, Self::Web, Self::Model];

    /// In words: `libraries`, `resources`, `web`, `model`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Libraries => "libraries",
            Self::Resources => "resources",
            Self::Web => "web",
            Self::Model => "model",
        }
    }

    /// The layer of a path in the package.
    pub(super) fn of(path: &str) -> Self {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
        if starts(LIBRARIES) {
            Self::Libraries
        } else if starts(RESOURCES) {
            Self::Resources
        } else if starts(WEB) {
            Self::Web
        } else {
            Self::Model
        }
    }
}

const LIBRARIES: &[&str] = &["model/lib/"];
/// What the theme and the client of the runtime's version bring; pages and widgets lie beside it.
const RESOURCES: &[&str] = &[
    "model/resources/",
    "web/css/",
    "web/fonts/",
    "web/images/",
    "web/img/",
    "web/lib/",
    "web/mxclientsystem/",
    "web/resources/",
    "web/styles/",
    "web/theme",
];
const WEB: &[&str] = &["web/", "native/"];

#[cfg(test)]
mod tests {
    use super::Kind;
    use rstest::rstest;

    #[rstest]
    #[case("model/lib/userlib/poi.jar", Kind::Libraries)]
    #[case("model/lib/", Kind::Libraries)]
    #[case("model/resources/x.txt", Kind::Resources)]
    #[case("web/theme.compiled.css", Kind::Resources)]
    #[case("web/img/Shop$Images$logo.svg", Kind::Resources)]
    #[case("web/pages/en_US/Shop/Home.page.xml", Kind::Web)]
    #[case("web/index.html", Kind::Web)]
    #[case("native/bundle.js", Kind::Web)]
    #[case("model/model.mdp", Kind::Model)]
    #[case("model/bundles/project.jar", Kind::Model)]
    #[case("webs", Kind::Model)]
    fn files_lie_with_what_changes_as_often(#[case] path: &str, #[case] kind: Kind) {
        assert_eq!(Kind::of(path), kind);
    }
}
