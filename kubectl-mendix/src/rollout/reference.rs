//! How a workload is named on the command line. Pure.

use std::fmt;
use std::str::FromStr;

/// Kind of a workload that may lead or work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `deployment`, `deploy`.
    Deployment,
    /// `statefulset`, `sts`.
    StatefulSet,
}

/// `deploy/shop`, as kubectl names workloads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// Kind.
    pub kind: Kind,
    /// Name.
    pub name: String,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, name) = text
            .split_once('/')
            .ok_or("name kind and workload, such as deploy/shop")?;
        let kind = match kind {
            "deployment" | "deployments" | "deploy" | "deployment.apps" => Kind::Deployment,
            "statefulset" | "statefulsets" | "sts" | "statefulset.apps" => Kind::StatefulSet,
            _ => return Err("kinds are deployment and statefulset".to_owned()),
        };
        if name.is_empty() || name.contains('/') {
            return Err("name kind and workload, such as deploy/shop".to_owned());
        }
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Deployment => "deployment.apps",
            Kind::StatefulSet => "statefulset.apps",
        };
        write!(formatter, "{kind}/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::short("deploy/shop", Ok("deployment.apps/shop"))]
    #[case::stateful("sts/shop", Ok("statefulset.apps/shop"))]
    #[case::whole("deployment.apps/shop", Ok("deployment.apps/shop"))]
    #[case::no_kind("shop", Err("name kind and workload, such as deploy/shop"))]
    #[case::other_kind("pod/shop", Err("kinds are deployment and statefulset"))]
    #[case::no_name("deploy/", Err("name kind and workload, such as deploy/shop"))]
    fn workloads_are_named_as_kubectl_names_them(#[case] text: &str, #[case] expected: Result<&str, &str>) {
        let read = text.parse::<Reference>().map(|it| it.to_string());
        assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned));
    }
}
