//! Which vendor's login is for a registry. Pure.

use super::acr::Acr;
use super::artifact_registry::ArtifactRegistry;
use super::ecr::Ecr;
use super::{Exchange, Identity};

/// A vendor, and as whom it is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Vendor {
    Ecr(Ecr),
    Acr(Acr),
    ArtifactRegistry(ArtifactRegistry),
}

impl Vendor {
    pub(super) fn exchange(&self) -> &dyn Exchange {
        match self {
            Self::Ecr(vendor) => vendor,
            Self::Acr(vendor) => vendor,
            Self::ArtifactRegistry(vendor) => vendor,
        }
    }
}

/// The vendor of a host, when this pod has something to show to it.
pub(super) fn choose(host: &str, scheme: &'static str, identity: &Identity) -> Option<Vendor> {
    let host = host.to_lowercase();
    let ecr = Ecr::of(&host, identity).map(Vendor::Ecr);
    let acr = || Acr::of(&host, scheme, identity).map(Vendor::Acr);
    let google = || ArtifactRegistry::of(&host, identity).map(Vendor::ArtifactRegistry);
    ecr.or_else(acr).or_else(google)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const KEYS: &[&str] = &["AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=hunter2"];
    const ROLE: &[&str] = &[
        "AWS_ROLE_ARN=arn:aws:iam::1:role/r",
        "AWS_WEB_IDENTITY_TOKEN_FILE=/aws",
    ];
    const AGENT: &[&str] = &[
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://agent/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/agent",
    ];
    const WORKLOAD: &[&str] = &[
        "AZURE_CLIENT_ID=client",
        "AZURE_TENANT_ID=tenant",
        "AZURE_FEDERATED_TOKEN_FILE=/azure",
    ];
    const KEY_FILE: &[&str] = &["GOOGLE_APPLICATION_CREDENTIALS=/google.json"];
    const EAST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

    fn identity(variables: &[&str]) -> Identity {
        Identity::of(|name| {
            let set = variables.iter().filter_map(|variable| variable.split_once('='));
            let mut found = set.filter(|(key, _)| *key == name);
            found.next().map(|(_, value)| value.to_owned())
        })
    }

    #[rstest]
    #[case(EAST, KEYS, "https://api.ecr.us-east-1.amazonaws.com/ as Keys")]
    #[case(EAST, ROLE, "https://api.ecr.us-east-1.amazonaws.com/ as Role")]
    #[case(EAST, AGENT, "https://api.ecr.us-east-1.amazonaws.com/ as Agent")]
    #[case(EAST, &KEYS[..1], "")]
    #[case(EAST, WORKLOAD, "")]
    #[case(
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        KEYS,
        "https://api.ecr.cn-north-1.amazonaws.com.cn/ as Keys"
    )]
    #[case(
        "123456789012.dkr.ecr-fips.us-west-2.amazonaws.com",
        KEYS,
        "https://ecr-fips.us-west-2.amazonaws.com/ as Keys"
    )]
    #[case(
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        KEYS,
        "https://ecr.eu-west-1.api.aws/ as Keys"
    )]
    #[case("123456789012.dkr.ecr.us-east-1.amazonaws.com.example.com", KEYS, "")]
    #[case("evil.dkr.ecr.us-east-1.amazonaws.com", KEYS, "")]
    #[case("123456789012.dkr.ecr.evil.example#.amazonaws.com", KEYS, "")]
    #[case("public.ecr.aws", KEYS, "")]
    #[case("Shop.azurecr.io", WORKLOAD, "https://shop.azurecr.io/ as Workload")]
    #[case("shop.azurecr.cn", &[], "https://shop.azurecr.cn/ as Node")]
    #[case("shop.azurecr.io", KEYS, "https://shop.azurecr.io/ as Node")]
    #[case("azurecr.io", WORKLOAD, "")]
    #[case("shop.azurecr.io.example.com", WORKLOAD, "")]
    #[case("mcr.microsoft.com", WORKLOAD, "")]
    #[case("europe-docker.pkg.dev", KEY_FILE, "Google as Key")]
    #[case("europe-docker.pkg.dev", &[], "Google as Node")]
    #[case("gcr.io", KEY_FILE, "Google as Key")]
    #[case("eu.gcr.io", &[], "Google as Node")]
    #[case("evilgcr.io", KEY_FILE, "")]
    #[case("docker.io", KEYS, "")]
    #[case("registry.example.com:5000", WORKLOAD, "")]
    fn the_host_and_the_identity_decide(
        #[case] host: &str,
        #[case] variables: &[&str],
        #[case] expected: &str,
    ) {
        let vendor = choose(host, "https", &identity(variables));
        let found = match &vendor {
            None => String::new(),
            Some(Vendor::Ecr(ecr)) => format!("{} as {}", ecr.api(), ecr.identity()),
            Some(Vendor::Acr(acr)) => format!("{} as {}", acr.registry(), acr.identity()),
            Some(Vendor::ArtifactRegistry(google)) => format!("Google as {}", google.identity()),
        };
        assert_eq!(found, expected);
        let printed = format!("{vendor:?} {:?}", identity(variables));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
