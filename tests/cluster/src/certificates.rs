//! The cluster's certificates: one authority for servers and users, one for the front proxy, keys for tokens.

use crate::{
    addresses::AddressPlan,
    paths::{Paths, node_name},
};
use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Who a client certificate speaks for. Kubernetes reads the user from the common name and the groups from the
/// organisations (Kubernetes documentation: "Authenticating", X.509 client certificates).
#[derive(Debug, PartialEq, Eq)]
struct User {
    /// File name of the certificate, and of the kubeconfig.
    file: String,
    name: String,
    group: Option<&'static str>,
}

/// What the authority signs for one cluster or one node.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    file: String,
    names: Vec<String>,
}

/// The authorities of a cluster. Later nodes are signed by the same.
pub(crate) struct Authorities {
    cluster: Authority,
}

impl Authorities {
    /// Makes both authorities and every certificate that is not a node's.
    pub(crate) fn create(paths: &Paths, plan: AddressPlan) -> Result<Self> {
        let folder = paths.pki("");
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let cluster = authority("kubectl-mendix test cluster")?;
        write_pair(paths, "ca", &cluster.pem(), cluster.key())?;
        let front_proxy = authority("kubectl-mendix test cluster front proxy")?;
        write_pair(paths, "front-proxy-ca", &front_proxy.pem(), front_proxy.key())?;
        sign_user(
            paths,
            &front_proxy,
            &User {
                file: "front-proxy".into(),
                name: "front-proxy".into(),
                group: None,
            },
        )?;
        write_token_keys(paths)?;
        let authorities = Self { cluster };
        sign_server(paths, &authorities.cluster, &api_server(plan))?;
        control_plane_users()
            .iter()
            .try_for_each(|user| authorities.user(paths, user))?;
        Ok(authorities)
    }

    /// The authorities that `create` wrote.
    pub(crate) fn read(paths: &Paths) -> Result<Self> {
        let file = paths.pki("ca.key");
        let text = fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
        let key = KeyPair::from_pem(&text).with_context(|| format!("failed to parse {}", file.display()))?;
        // Signing needs the key and the name alone: the certificate that nodes trust stays the one on disk.
        let cluster = CertifiedIssuer::self_signed(authority_params("kubectl-mendix test cluster"), key)
            .context("failed to take up the cluster's certificate authority")?;
        Ok(Self { cluster })
    }

    /// Makes the certificates of one node.
    pub(crate) fn create_node(&self, paths: &Paths, plan: AddressPlan, node: u8) -> Result<()> {
        sign_server(paths, &self.cluster, &kubelet_server(plan, node))?;
        self.user(paths, &kubelet_user(node))
    }

    /// Makes the certificate of the Secrets Store CSI driver, which only some clusters have.
    pub(crate) fn create_secrets_store(&self, paths: &Paths) -> Result<()> {
        let user = User {
            file: crate::secrets_store::USER_FILE.into(),
            name: crate::secrets_store_objects::USER.into(),
            group: None,
        };
        self.user(paths, &user)
    }

    fn user(&self, paths: &Paths, user: &User) -> Result<()> {
        sign_user(paths, &self.cluster, user)
    }
}

fn control_plane_users() -> Vec<User> {
    let user = |file: &str, name: &str, group| User {
        file: file.into(),
        name: name.into(),
        group,
    };
    vec![
        user("admin", "admin", Some("system:masters")),
        user(
            "kubelet-client",
            "kube-apiserver-kubelet-client",
            Some("system:masters"),
        ),
        user("controller-manager", "system:kube-controller-manager", None),
        user("scheduler", "system:kube-scheduler", None),
        user("proxy", "system:kube-proxy", None),
        user("dns", crate::dns::USER, None),
    ]
}

/// The Node authoriser knows a kubelet by this name and group.
fn kubelet_user(node: u8) -> User {
    let name = node_name(node);
    User {
        name: format!("system:node:{name}"),
        file: name,
        group: Some("system:nodes"),
    }
}

fn api_server(plan: AddressPlan) -> Server {
    let names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    let local = ["localhost", "127.0.0.1"];
    let addresses = [plan.machine().to_string(), plan.api_service().to_string()];
    let names = names
        .into_iter()
        .chain(local)
        .map(str::to_owned)
        .chain(addresses)
        .collect();
    Server {
        file: "api-server".into(),
        names,
    }
}

fn kubelet_server(plan: AddressPlan, node: u8) -> Server {
    let name = node_name(node);
    Server {
        file: format!("{name}-server"),
        names: vec![plan.node(node).to_string(), name],
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params
}

fn authority(name: &str) -> Result<Authority> {
    let key = KeyPair::generate().context("failed to make the key of a certificate authority")?;
    CertifiedIssuer::self_signed(authority_params(name), key)
        .context("failed to make a certificate authority")
}

fn user_params(user: &User) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, user.name.as_str());
    if let Some(group) = user.group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn sign_user(paths: &Paths, authority: &Authority, user: &User) -> Result<()> {
    sign(paths, authority, &user.file, &user_params(user))
}

fn sign_server(paths: &Paths, authority: &Authority, server: &Server) -> Result<()> {
    let mut params =
        CertificateParams::new(server.names.clone()).context("failed to name a server certificate")?;
    params
        .distinguished_name
        .push(DnType::CommonName, server.file.as_str());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    sign(paths, authority, &server.file, &params)
}

fn sign(paths: &Paths, authority: &Authority, file: &str, params: &CertificateParams) -> Result<()> {
    let context = || format!("failed to make certificate {file}");
    let key = KeyPair::generate().with_context(context)?;
    let certificate = params.signed_by(&key, authority).with_context(context)?;
    write_pair(paths, file, &certificate.pem(), &key)
}

/// The keys that service account tokens are signed and checked with.
fn write_token_keys(paths: &Paths) -> Result<()> {
    let key = KeyPair::generate().context("failed to make the key of service account tokens")?;
    write_secret(&paths.pki("tokens.key"), key.serialize_pem().as_bytes())?;
    write_secret(&paths.pki("tokens.pub"), key.public_key_pem().as_bytes())
}

fn write_pair(paths: &Paths, file: &str, certificate: &str, key: &KeyPair) -> Result<()> {
    write_secret(&paths.pki(&format!("{file}.key")), key.serialize_pem().as_bytes())?;
    write_secret(&paths.pki(&format!("{file}.crt")), certificate.as_bytes())
}

/// Writes a file that only root may read, from its first byte on.
pub(crate) fn write_secret(path: &Path, content: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true).write(true).mode(0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .with_context(|| format!("failed to write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_server_answers_under_all_its_names() {
        let names = api_server(AddressPlan::new(1)).names;
        for name in [
            "10.89.1.1",
            "10.97.0.1",
            "127.0.0.1",
            "localhost",
            "kubernetes.default.svc",
        ] {
            assert!(names.contains(&name.to_owned()), "{name} is missing of {names:?}");
        }
    }

    #[test]
    fn a_kubelet_is_a_node_to_the_authoriser() {
        let user = kubelet_user(3);
        assert_eq!(
            (user.name.as_str(), user.group),
            ("system:node:node3", Some("system:nodes"))
        );
    }

    #[test]
    fn only_the_administrator_and_the_api_servers_client_are_masters() {
        let masters: Vec<_> = control_plane_users()
            .into_iter()
            .filter(|user| user.group.is_some())
            .map(|user| user.file)
            .collect();
        assert_eq!(masters, ["admin", "kubelet-client"]);
    }

    #[test]
    fn an_authority_signs_a_user() {
        let authority = authority("test").unwrap();
        let key = KeyPair::generate().unwrap();
        assert!(user_params(&kubelet_user(1)).signed_by(&key, &authority).is_ok());
    }
}
