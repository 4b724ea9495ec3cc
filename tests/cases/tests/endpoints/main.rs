//! The endpoint of an app changes its type while the app runs and is asked; and what each type makes is served by a real
//! reverse proxy, which takes all it knows from the object as the API server has stored it.

mod kinds;
mod visitor;

use anyhow::{Context, Result, ensure};
use kinds::{HTTP_ROUTE, Kind, ROUTE};
use mendix_cases::{
    Package, Product,
    app::{LIMIT, is_ready},
    manifest,
    requests::Requests,
    source::Answer,
};
use mendix_model::crd::MendixApp;
use mendix_test_cluster::{Poll, wait_for};
use serde_json::{Value, json};
use visitor::{Trust, Visitor};

const NAMESPACE: &str = "case-endpoints";
const APP: &str = "shop";
const HOST: &str = "shop.example.com";
const ADDRESS: &str = "https://shop.example.com";
const SECRET: &str = "front-of-shop";

#[tokio::test(flavor = "multi_thread")]
async fn the_type_changes_while_the_app_serves_and_requests_arrive_by_each() -> Result<()> {
    let product = Product::installed().await?;
    if !kinds::removed(&product)? {
        println!("skipped: the cluster has Routes or the Gateway API of its own");
        return Ok(());
    }
    let case = Case::begun(product).await?;
    let (before, requests) = (case.uids()?, case.requests().await?);

    case.change("ingress")?;
    case.until_ready("ingresses.networking.k8s.io").await?;
    case.an_ingress_is_served().await?;

    case.a_kind_comes_later("openshiftRoute", &ROUTE, "the cluster has no kind Route")
        .await?;
    case.a_route_is_served().await?;

    case.a_kind_comes_later("gatewayRoute", &HTTP_ROUTE, "the cluster has no kind HTTPRoute")
        .await?;
    case.an_http_route_is_served().await?;

    case.change("service")?;
    case.until_gone(HTTP_ROUTE.name).await?;
    case.until("the service alone", is_ready).await?;

    let answers = requests.end().await?;
    ensure!(answers.failed.is_empty() && answers.good > 0, "{answers:?}");
    ensure!(
        case.uids()? == before,
        "Service or pods are not the same: {before} and {}",
        case.uids()?
    );
    case.product.delete(NAMESPACE, APP).await?;
    kinds::removed(&case.product).map(drop)
}

/// The app under test.
struct Case {
    product: Product,
    trust: Trust,
}

impl Case {
    /// An app with a host, a path and a certificate of its own, and a Service alone.
    async fn begun(product: Product) -> Result<Self> {
        product.platform(NAMESPACE).await?;
        let trust = Trust::of(HOST)?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": { "name": SECRET, "namespace": NAMESPACE },
            "stringData": { "tls.crt": trust.pair.certificate, "tls.key": trust.pair.key },
        });
        product.apply(NAMESPACE, &secret).await?;
        let case = Self { product, trust };
        case.configure(&sections())?;
        let url = case.product.source(Answer::Bytes(Package::new("A").bytes()?))?;
        let mut app = manifest::app(NAMESPACE, APP, &url);
        app["spec"]["appURL"] = json!(HOST);
        app["spec"]["tls"] = json!({ "enableTLS": true, "secretName": SECRET });
        app["spec"]["ingressPath"] = json!("/double");
        app["spec"]["ingressPathType"] = json!("Prefix");
        case.product.apply(NAMESPACE, &app).await?;
        case.until("the app to be ready", is_ready).await?;
        Ok(case)
    }

    fn configure(&self, endpoint: &Value) -> Result<()> {
        let change = json!({ "spec": { "endpoint": endpoint } }).to_string();
        let name = "operatorconfiguration/mendix-operator-configuration";
        let patch = ["patch", name, "--type=merge", "-p", &change];
        self.product.kubectl(NAMESPACE, &patch).map(drop)
    }

    fn change(&self, type_: &str) -> Result<()> {
        self.configure(&json!({ "type": type_ }))
    }

    async fn until(&self, what: &str, done: impl Fn(&MendixApp) -> bool) -> Result<MendixApp> {
        self.product.until(NAMESPACE, APP, what, done).await
    }

    /// Waits until the app says this of its endpoint.
    async fn until_told(&self, words: &str) -> Result<()> {
        let said = |app: &MendixApp| app.status.as_ref()?.network_status.clone();
        let what = format!("the endpoint to say {words:?}");
        let done = |app: &MendixApp| said(app).is_some_and(|it| it.contains(words));
        self.until(&what, done).await.map(drop)
    }

    fn names(&self, plural: &str) -> Result<String> {
        self.product.kubectl(NAMESPACE, &["get", plural, "-o", "name"])
    }

    /// Waits until an object of the kind is there, and the app is ready with it.
    async fn until_ready(&self, plural: &str) -> Result<()> {
        wait_for(plural, LIMIT, || async {
            let names = self.names(plural)?;
            Ok(Poll::when((!names.is_empty()).then_some(()), || {
                "none".to_owned()
            }))
        })
        .await?;
        let app = self.until("the endpoint to be ready", is_ready).await?;
        let url = app.status.and_then(|status| status.app_url);
        ensure!(url.as_deref() == Some(ADDRESS), "{url:?}");
        Ok(())
    }

    async fn until_gone(&self, plural: &str) -> Result<()> {
        wait_for(&format!("{plural} to be gone"), LIMIT, || async {
            let names = self.names(plural)?;
            Ok(Poll::when(names.is_empty().then_some(()), || names))
        })
        .await
    }

    /// Service and pods, by what tells them from later ones of the same name.
    fn uids(&self) -> Result<String> {
        let pods = format!("kubectl-mendix.io/environment={APP}");
        let uids = |arguments: &[&str]| {
            let path = [
                "-o",
                "jsonpath={range .items[*]}{.metadata.name}={.metadata.uid} {end}",
            ];
            self.product.kubectl(NAMESPACE, &[arguments, &path].concat())
        };
        Ok(uids(&["get", "services", "-l", &pods])?
            + &uids(&[
                "get",
                "pods",
                "-l",
                &pods,
                "--field-selector=status.phase=Running",
            ])?)
    }

    /// Somebody who asks the Service without a pause.
    async fn requests(&self) -> Result<Requests> {
        let app = self.product.apps(NAMESPACE).get(APP).await?;
        self.product.until_page(&app).await?;
        Requests::begin(self.product.address(&app)?)
    }

    /// A type whose kind the cluster does not have yet: the old front stays until the new one is served.
    async fn a_kind_comes_later(&self, type_: &str, kind: &Kind, said: &str) -> Result<()> {
        let before = self.fronts()?;
        self.change(type_)?;
        self.until_told(said).await?;
        kind.install(&self.product)?;
        self.until_told("waiting for").await?;
        ensure!(
            before
                .iter()
                .all(|front| self.fronts().is_ok_and(|now| now.contains(front))),
            "{before:?}"
        );
        kind.serve(&self.product, NAMESPACE, APP)?;
        self.until_ready(kind.name).await?;
        for front in before {
            let (plural, _) = front.split_once('/').context("a name with its kind")?;
            self.until_gone(plural).await?;
        }
        Ok(())
    }

    /// Everything that leads to the Service, as `kind/name`.
    fn fronts(&self) -> Result<Vec<String>> {
        let known = self.product.run("kubectl", &["get", "crd", "-o", "name"])?;
        let kinds = [ROUTE.name, HTTP_ROUTE.name];
        let there = kinds.into_iter().filter(|kind| known.contains(kind));
        let plurals: Vec<_> = there.chain(["ingresses.networking.k8s.io"]).collect();
        let names = self.names(&plurals.join(","))?;
        Ok(names.lines().map(ToOwned::to_owned).collect())
    }

    async fn an_ingress_is_served(&self) -> Result<()> {
        let text = self
            .product
            .kubectl(NAMESPACE, &["get", "ingress", APP, "-o", "json"])?;
        let ingress: Value = serde_json::from_str(&text)?;
        ensure!(ingress["spec"]["ingressClassName"] == "nginx", "{ingress}");
        let proxy = self.product.proxy(NAMESPACE, &ingress, &self.trust.pair).await?;
        let visitor = Visitor::of(&proxy, HOST, &self.trust)?;
        visitor.sees_one_site().await?;
        visitor.is_echoed("through an Ingress").await
    }

    async fn a_route_is_served(&self) -> Result<()> {
        let route = ROUTE.object(&self.product, NAMESPACE, APP)?;
        let proxy = self.product.proxy(NAMESPACE, &route, &self.trust.pair).await?;
        let visitor = Visitor::of(&proxy, HOST, &self.trust)?;
        visitor.sees_one_site().await?;
        visitor.is_echoed("through a Route").await?;
        let sent_on = visitor.without_tls("/double/request").await?;
        ensure!(sent_on.status() == 301, "{sent_on:?}");
        let to = sent_on.headers().get("location").context("location")?;
        ensure!(to == "https://shop.example.com/double/request", "{to:?}");
        Ok(())
    }

    async fn an_http_route_is_served(&self) -> Result<()> {
        let route = HTTP_ROUTE.object(&self.product, NAMESPACE, APP)?;
        let proxy = self.product.proxy(NAMESPACE, &route, &self.trust.pair).await?;
        let visitor = Visitor::of(&proxy, HOST, &self.trust)?;
        visitor.sees_one_site().await?;
        visitor.is_echoed("through an HTTPRoute").await?;
        let (told, answer) = visitor.arrived().await?;
        ensure!(told["headers"]["x-from"] == "gateway", "{told}");
        let header = |name: &str| answer.get(name).and_then(|value| value.to_str().ok());
        ensure!(header("x-frame-options") == Some("DENY"), "{answer:?}");
        ensure!(
            header("x-runtime-double").is_none(),
            "the app's own header came through: {answer:?}"
        );
        Ok(())
    }
}

/// All sections at once, so that only the type changes later.
fn sections() -> Value {
    json!({
        "type": "service",
        "ingress": { "ingressClassName": "nginx" },
        "openshiftRoute": { "enableTLS": false },
        "gatewayRoute": {
            "gatewayParentReference": { "name": "public", "namespace": "gateways", "sectionName": "https" },
            "gatewayRouteRequestHeaderModifiers": { "set": { "X-From": "gateway" } },
            "gatewayRouteResponseHeaderModifiers": {
                "set": { "X-Frame-Options": "DENY" }, "remove": ["X-Runtime-Double"],
            },
        },
    })
}
