//! `kubectl mendix fence`: find what a lost node holds up, ask, declare.

use crate::cli::{DryRun, FenceArguments};
use crate::cluster::Cluster;
use crate::command::status::layout;
use crate::environment::Environment;
use crate::failure::{Failure, Request, explain};
use crate::intent::fence::{self, Meant};
use crate::intent::{confirm, object_name, write};
use crate::outcome::Outcome;
use crate::output::{OutputFormat, json, yaml};
use crate::print::{Row, columns};
use crate::view::Health;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Api;
use kube::api::ListParams;
use mendix_model::crd::DatabaseClaim;
use serde::Serialize;
use std::io::Write as _;

/// Declares that a node is off for good, in every environment that has pods bound to it.
///
/// # Errors
/// The node reports that it is ready, nobody says yes, or nothing can be read.
pub async fn fence(arguments: &FenceArguments, environment: &mut Environment) -> anyhow::Result<Outcome> {
    let cluster = Cluster::connect(&environment.target).await?;
    let node = node(&cluster, &arguments.node, environment).await?;
    if !arguments.force {
        fence::check_node(&arguments.node, node.found.as_ref())?;
    }
    let pods = pods(&cluster, &arguments.node, environment).await?;
    let claims = claims(&cluster, &pods, environment).await?;
    let meant = fence::meant(&pods, &claims);
    if meant.is_empty() {
        return nothing(&arguments.node, &node, environment);
    }
    environment.warn(&fence::assertion(&arguments.node, &meant));
    if arguments.dry_run.is_none() {
        confirm(environment, "Is that so?", arguments.yes)?;
    }
    let declared = declare(&cluster, arguments, meant).await;
    print(&declared, arguments, environment)
}

/// What is known of a node.
struct Known {
    found: Option<Node>,
    /// Whether it could be asked for at all.
    asked: bool,
}

async fn node(cluster: &Cluster, name: &str, environment: &mut Environment) -> anyhow::Result<Known> {
    let request = Request {
        verb: "get",
        resource: "nodes",
        namespace: None,
    };
    match Api::<Node>::all(cluster.client.clone()).get_opt(name).await {
        Ok(found) => Ok(Known { found, asked: true }),
        Err(error) if is_forbidden(&error) => {
            environment
                .warn("the right to get nodes is missing, so it is not checked whether the node is ready");
            Ok(Known {
                found: None,
                asked: false,
            })
        }
        Err(error) => Err(explain(&error, &request).into()),
    }
}

fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_forbidden())
}

/// Pods bound to the node: of the named namespace, else of all that may be listed.
async fn pods(cluster: &Cluster, node: &str, environment: &mut Environment) -> anyhow::Result<Vec<Pod>> {
    let on_node = ListParams::default().fields(&format!("spec.nodeName={node}"));
    let own = Api::<Pod>::namespaced(cluster.client.clone(), &cluster.namespace);
    let request = |namespace| Request {
        verb: "list",
        resource: "pods",
        namespace,
    };
    if cluster.named_namespace.is_none() {
        match Api::<Pod>::all(cluster.client.clone()).list(&on_node).await {
            Ok(list) => return Ok(list.items),
            Err(error) if !is_forbidden(&error) => return Err(explain(&error, &request(None)).into()),
            Err(_) => environment.warn(&format!(
                "the right to list pods of all namespaces is missing: only namespace {} is looked at; name others with -n",
                cluster.namespace
            )),
        }
    }
    let list = own.list(&on_node).await;
    list.map(|list| list.items)
        .map_err(|error| explain(&error, &request(Some(&cluster.namespace))).into())
}

/// Claims, only where a pod has no label that tells its environment.
async fn claims(
    cluster: &Cluster,
    pods: &[Pod],
    environment: &mut Environment,
) -> anyhow::Result<Vec<DatabaseClaim>> {
    if !pods.iter().any(fence::is_unlabelled) {
        return Ok(Vec::new());
    }
    let request = Request {
        verb: "list",
        resource: "databaseclaims.guard.kubectl-mendix.io",
        namespace: None,
    };
    let claims = Api::<DatabaseClaim>::all(cluster.client.clone());
    match claims.list(&ListParams::default()).await {
        Ok(list) => Ok(list.items),
        Err(error) if is_forbidden(&error) => {
            environment.warn(
                "pods without labels are left out: the right to list databaseclaims, which know their environments, is \
                 missing",
            );
            Ok(Vec::new())
        }
        Err(error) => Err(explain(&error, &request).into()),
    }
}

fn nothing(name: &str, node: &Known, environment: &mut Environment) -> anyhow::Result<Outcome> {
    if node.found.is_none() && node.asked {
        return Err(Failure::new(format!(
            "there is no node {name}, and no pod of an environment is bound to a node of that name"
        ))
        .hint("kubectl get pods -A -o wide shows to which nodes pods are bound")
        .into());
    }
    environment.note(&format!("no environment waits for pods on node {name}"));
    Ok(Outcome::Done)
}

/// What became of one declaration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Declared {
    #[serde(flatten)]
    meant: Meant,
    /// Why it was not written.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip)]
    failure: Option<Failure>,
}

/// One after the other; one that fails leaves the others as they would be.
async fn declare(cluster: &Cluster, arguments: &FenceArguments, meant: Vec<Meant>) -> Vec<Declared> {
    let mut all = Vec::new();
    for meant in meant {
        let change = |spec: &_| fence::declaration(spec, &arguments.node, meant.at);
        let written = write::write(
            &cluster.client,
            &meant.namespace,
            &meant.environment,
            arguments.dry_run,
            change,
        )
        .await;
        let failure = written.err();
        all.push(Declared {
            problem: failure.as_ref().map(ToString::to_string),
            failure,
            meant,
        });
    }
    all
}

fn print(
    declared: &[Declared],
    arguments: &FenceArguments,
    environment: &mut Environment,
) -> anyhow::Result<Outcome> {
    let layout = layout(arguments.output, environment);
    let out = &mut environment.out.writer;
    match arguments.output {
        OutputFormat::Json => json(&list(arguments, declared), out)?,
        OutputFormat::Yaml => yaml(&list(arguments, declared), out)?,
        OutputFormat::Name => {
            for it in declared.iter().filter(|it| it.failure.is_none()) {
                writeln!(out, "{}", object_name(&it.meant.environment))?;
            }
        }
        OutputFormat::Table | OutputFormat::Wide => {
            let rows = declared.iter().map(|it| row(it, arguments.dry_run)).collect();
            write!(
                out,
                "{}",
                columns(&["NAMESPACE", "ENVIRONMENT", "RESULT", "PODS"], 2, rows, layout)
            )?;
        }
    }
    let mut outcome = Outcome::Done;
    for failure in declared.iter().filter_map(|it| it.failure.as_ref()) {
        environment.error(&failure.message);
        failure.hints.iter().for_each(|hint| environment.hint(hint));
        outcome = failure.outcome;
    }
    Ok(outcome)
}

fn list(arguments: &FenceArguments, declared: &[Declared]) -> serde_json::Value {
    serde_json::json!({ "node": arguments.node, "environments": declared })
}

fn row(declared: &Declared, dry_run: Option<DryRun>) -> Row {
    let (result, health) = match (&declared.failure, dry_run) {
        (Some(_), _) => ("failed", Health::Stalled),
        (None, None) => ("goes on", Health::Ready),
        (None, Some(DryRun::Client)) => ("would go on (client dry run)", Health::Progressing),
        (None, Some(DryRun::Server)) => ("would go on (server dry run)", Health::Progressing),
    };
    Row {
        cells: vec![
            declared.meant.namespace.clone(),
            declared.meant.environment.clone(),
            result.to_owned(),
            declared.meant.pods.join(", "),
        ],
        health,
    }
}
