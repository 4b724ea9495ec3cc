//! Proxies and authorities, as the variables of a pod say them: for a real registry over TLS, and for the server of a package.
//! The names lead nowhere but through the proxy.

use crate::support::again::{as_client, is_client};
use crate::support::base::{onto_base, push_base_as};
use crate::support::certificates::Authority;
use crate::support::connect::ConnectProxy;
use crate::support::package::write_package;
use crate::support::registry::{TestRegistry, start, start_certified};
use crate::support::server::TestServer;
use mendix_tasks::build::{Options, build_from_source};
use mendix_tasks::image::*;
use mendix_tasks::patience::Patience;
use mendix_tasks::progress::NoProgress;
use std::sync::Arc;

const REGISTRY: &str = "registry.test";
const PACKAGE: &str = "http://packages.test/shop.mda";

/// The client: builds a package from a server, onto a base that it pushes before. Of the registry a variable says the name.
async fn client() {
    let host = std::env::var("HOST").expect("variable");
    let once = || Patience {
        retries: 0,
        ..Patience::default()
    };
    let plain_http = host
        .starts_with("127.")
        .then(|| host.clone())
        .into_iter()
        .collect();
    let options = RegistryOptions {
        plain_http,
        credentials: Credentials::default(),
    };
    let registry = Registry::new(options).expect("client").with_patience(once());
    let reference = parse_reference(&format!("{host}/base:1")).expect("reference");
    let found = fetch_image(&registry, &reference, &Platform::current()).await;
    match found {
        Ok(_) | Err(ImageError::NotFound { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    push_base_as(&registry, &format!("{host}/base:1"), Vec::new()).await;
    let options = Options {
        patience: once(),
        ..Options::default()
    };
    let target = onto_base(&host);
    let built = build_from_source(PACKAGE, Some(&target), &registry, &options, Arc::new(NoProgress)).await;
    match built {
        Ok(built) => println!("built {}", built.image),
        Err(error) => panic!("{error}"),
    }
}

struct Place {
    registry: TestRegistry,
    packages: TestServer,
    authority: tempfile::NamedTempFile,
}

impl Place {
    /// A registry with a certificate, the authority of it in a file, and a server with a package.
    async fn new() -> Option<Self> {
        let authority = Authority::new();
        let registry = start_certified(&authority.sign(REGISTRY)).await?;
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), authority.certificate()).expect("authority");
        Some(Self {
            registry,
            packages: packages().await,
            authority: file,
        })
    }

    async fn proxy(&self, password: Option<&'static str>) -> ConnectProxy {
        let names = [
            ("registry.test:443", self.registry.host.as_str()),
            ("packages.test:80", self.packages.host.as_str()),
        ];
        ConnectProxy::start(names, password).await
    }

    fn authority(&self) -> &str {
        self.authority.path().to_str().expect("path")
    }
}

async fn packages() -> TestServer {
    let folder = tempfile::tempdir().expect("folder");
    let package = std::fs::read(write_package(folder.path())).expect("package");
    let answer = move || {
        let package = package.clone();
        async move { package }
    };
    TestServer::start(axum::Router::new().fallback(answer)).await
}

#[tokio::test]
async fn registry_and_package_are_reached_through_the_proxy_alone() {
    if is_client() {
        return client().await;
    }
    let Some(place) = Place::new().await else { return };
    let proxy = place.proxy(None).await;
    let url = format!("http://{}", proxy.host);
    let variables = [
        ("HOST", REGISTRY),
        ("HTTPS_PROXY", url.as_str()),
        ("HTTP_PROXY", url.as_str()),
        ("SSL_CERT_FILE", place.authority()),
    ];
    let test = "proxies::registry_and_package_are_reached_through_the_proxy_alone";
    let (built, _) = as_client(test, &variables).await;
    assert!(built);
    assert!(proxy.count("registry.test:443") > 0 && proxy.count("packages.test:80") > 0);
    // Without the proxy nobody is there.
    let (built, printed) = as_client(test, &[variables[0], variables[3]]).await;
    assert!(!built && printed.contains("failed to reach registry registry.test"));
}

#[tokio::test]
async fn what_no_proxy_names_is_reached_without_it() {
    if is_client() {
        return client().await;
    }
    let Some(registry) = start().await else { return };
    let packages = packages().await;
    let proxy = ConnectProxy::start([("packages.test:80", packages.host.as_str())], None).await;
    let url = format!("http://{}", proxy.host);
    let test = "proxies::what_no_proxy_names_is_reached_without_it";
    for except in ["127.0.0.1", "10.0.0.0/8,127.0.0.0/8,.svc"] {
        let variables = [
            ("HOST", registry.host.as_str()),
            ("HTTPS_PROXY", url.as_str()),
            ("HTTP_PROXY", url.as_str()),
            ("NO_PROXY", except),
        ];
        let (built, _) = as_client(test, &variables).await;
        assert!(built, "{except}");
    }
    let others = proxy.asked();
    assert!(
        !others.is_empty() && others.iter().all(|asked| asked == "packages.test:80"),
        "{others:?}"
    );
}

#[tokio::test]
async fn the_password_of_a_proxy_is_used_and_not_told() {
    if is_client() {
        return client().await;
    }
    let Some(place) = Place::new().await else { return };
    // user:hunter2
    let proxy = place.proxy(Some("dXNlcjpodW50ZXIy")).await;
    let test = "proxies::the_password_of_a_proxy_is_used_and_not_told";
    for (login, expected) in [("user:hunter2", true), ("other:hunter2", false)] {
        let url = format!("http://{login}@{}", proxy.host);
        let variables = [
            ("HOST", REGISTRY),
            ("HTTPS_PROXY", url.as_str()),
            ("HTTP_PROXY", url.as_str()),
            ("SSL_CERT_FILE", place.authority()),
        ];
        let (built, printed) = as_client(test, &variables).await;
        assert_eq!(built, expected);
        assert!(!printed.contains("hunter2"));
        assert!(built || printed.contains("failed to reach registry registry.test"));
    }
}

#[tokio::test]
async fn a_registry_of_another_authority_is_not_trusted() {
    if is_client() {
        return client().await;
    }
    let Some(place) = Place::new().await else { return };
    let proxy = place.proxy(None).await;
    let url = format!("http://{}", proxy.host);
    let other = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(other.path(), Authority::new().certificate()).expect("authority");
    let variables = [
        ("HOST", REGISTRY),
        ("HTTPS_PROXY", url.as_str()),
        ("SSL_CERT_FILE", other.path().to_str().expect("path")),
    ];
    let test = "proxies::a_registry_of_another_authority_is_not_trusted";
    let (built, printed) = as_client(test, &variables).await;
    assert!(!built && printed.contains("failed to trust registry registry.test: invalid peer certificate"));
}
