//! What the provider of a platform sets up in a namespace before the first app: plans, registry, endpoint.

use serde_json::{Value, json};

/// Group and version of all resources of the official operator.
const API_VERSION: &str = "privatecloud.mendix.com/v1alpha1";

/// What a namespace's platform is made from.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Namespace.
    pub namespace: String,
    /// Registry as build pods and nodes see it, such as `10.89.1.1:5000`.
    pub registry: String,
    /// Base image with a placeholder for the runtime's version.
    pub base_image: String,
    /// `host:port` of the database server.
    pub database_host: String,
    /// Administrator of the database server.
    pub database_user: String,
    /// Its password.
    pub database_password: String,
}

impl Platform {
    /// Everything, in an order in which it can be applied.
    pub fn objects(&self) -> Vec<Value> {
        vec![
            self.administrator(),
            self.plan("postgres", "database", "postgres", Some("postgres-admin")),
            self.plan("memory", "database", "ephemeral", None),
            self.plan("container", "file", "ephemeral", None),
            self.configuration(),
        ]
    }

    fn administrator(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": { "name": "postgres-admin", "namespace": self.namespace },
            "stringData": {
                "database-host": self.database_host,
                "database-username": self.database_user,
                "database-password": self.database_password,
            },
        })
    }

    fn plan(&self, name: &str, purpose: &str, store: &str, admin_secret: Option<&str>) -> Value {
        let mut plan = json!({
            "apiVersion": API_VERSION,
            "kind": "StoragePlan",
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": {
                "type": "on-demand",
                "purpose": purpose,
                "provisioner": { "command": ["/mendix"], "args": ["{{.Action}}", store] },
            },
        });
        if let Some(secret) = admin_secret {
            plan["spec"]["provisioner"]["adminSecretName"] = secret.into();
        }
        plan
    }

    fn configuration(&self) -> Value {
        json!({
            "apiVersion": API_VERSION,
            "kind": "OperatorConfiguration",
            "metadata": { "name": "mendix-operator-configuration", "namespace": self.namespace },
            "spec": {
                "endpoint": { "type": "service" },
                "buildRuntimeBaseImage": self.base_image,
                "registry": {
                    "type": "generic",
                    "pullURL": format!("{}/apps", self.registry),
                    "pushURL": format!("{}/apps", self.registry),
                    "imageNameTemplate": format!("{}/{{{{.Name}}}}:{{{{.Generation}}}}", self.namespace),
                    "insecure": true,
                },
                "runtimeResources": {
                    "limits": { "cpu": "1", "memory": "128Mi", "ephemeral-storage": "64Mi" },
                    "requests": { "cpu": "10m", "memory": "32Mi", "ephemeral-storage": "64Mi" },
                },
                "runtimeReadinessProbe": { "initialDelaySeconds": 0, "periodSeconds": 1 },
            },
        })
    }
}
