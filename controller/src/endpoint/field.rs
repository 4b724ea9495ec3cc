//! A field that says something, and its name for sentences. Pure.

/// What a field says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) text: &'a str,
    pub(crate) name: String,
}

impl<'a> Field<'a> {
    /// A field of the app. An empty one says nothing: tools that know a field and have no value for it write it so.
    pub(crate) fn of_app(name: &str, text: Option<&'a String>) -> Option<Self> {
        set(text).map(|text| Self {
            text,
            name: format!("spec.{name}"),
        })
    }

    /// A field of the configuration's endpoint.
    pub(crate) fn of_configuration(name: &str, text: Option<&'a String>) -> Option<Self> {
        set(text).map(|text| Self {
            text,
            name: of_configuration(name),
        })
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self, problem: impl std::fmt::Display) -> String {
        format!("{}: {problem}", self.name)
    }
}

/// How a field of the configuration's endpoint is called.
pub(crate) fn of_configuration(name: &str) -> String {
    format!("spec.endpoint.{name} of the OperatorConfiguration")
}

fn set(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}
