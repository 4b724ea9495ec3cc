//! The families of Go programs there are.

/// Programs that are built together from one Go module.
#[derive(Debug)]
pub struct Family {
    /// Folder below `tools/`.
    pub name: &'static str,
    /// Go package and the file name of its program.
    pub programs: &'static [(&'static str, &'static str)],
    /// Value of `-ldflags`.
    pub linker_flags: &'static str,
}

const STRIPPED: &str = "-s -w";
/// The version is set by the linker in Kubernetes' own build too; without it nodes report v0.0.0.
const KUBERNETES_FLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
     -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";

/// Every family there is. A new one is a line here and a folder in `tools/`.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "kubernetes",
        programs: &[
            ("k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"),
            (
                "k8s.io/kubernetes/cmd/kube-controller-manager",
                "kube-controller-manager",
            ),
            ("k8s.io/kubernetes/cmd/kube-proxy", "kube-proxy"),
            ("k8s.io/kubernetes/cmd/kube-scheduler", "kube-scheduler"),
            ("k8s.io/kubernetes/cmd/kubectl", "kubectl"),
            ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ],
        linker_flags: KUBERNETES_FLAGS,
    },
    Family {
        name: "etcd",
        programs: &[("go.etcd.io/etcd/server/v3", "etcd")],
        linker_flags: STRIPPED,
    },
    Family {
        name: "containerd",
        programs: &[
            ("github.com/containerd/containerd/v2/cmd/containerd", "containerd"),
            (
                "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
                "containerd-shim-runc-v2",
            ),
            ("github.com/containerd/containerd/v2/cmd/ctr", "ctr"),
        ],
        linker_flags: STRIPPED,
    },
    Family {
        name: "coredns",
        programs: &[("github.com/coredns/coredns", "coredns")],
        linker_flags: STRIPPED,
    },
    Family {
        name: "crane",
        programs: &[("github.com/google/go-containerregistry/cmd/crane", "crane")],
        linker_flags: STRIPPED,
    },
    Family {
        name: "helm",
        programs: &[("helm.sh/helm/v4/cmd/helm", "helm")],
        linker_flags: STRIPPED,
    },
    Family {
        name: "pause",
        programs: &[(".", "pause")],
        linker_flags: STRIPPED,
    },
    Family {
        name: "secrets-store",
        programs: &[
            (
                "sigs.k8s.io/secrets-store-csi-driver/cmd/secrets-store-csi-driver",
                "secrets-store-csi-driver",
            ),
            (".", "secrets-store-stand-in"),
        ],
        linker_flags: STRIPPED,
    },
    Family {
        name: "minio",
        programs: &[("github.com/minio/minio", "minio")],
        linker_flags: STRIPPED,
    },
    Family {
        name: "gatekeeper",
        programs: &[("github.com/open-policy-agent/gatekeeper/v3", "gatekeeper")],
        linker_flags: STRIPPED,
    },
];

/// Families that a cluster cannot run without.
pub const CLUSTER: &[&str] = &[
    "etcd",
    "containerd",
    "crane",
    "pause",
    "kubernetes",
    "coredns",
    "helm",
];
/// Families that a test run needs to use a cluster that is already there.
pub const CLIENT: &[&str] = &["crane", "kubernetes", "helm"];
/// Families that [`Cluster::secrets_store_driver`](crate::Cluster::secrets_store_driver) needs.
pub const SECRETS_STORE: &[&str] = &["secrets-store"];
/// Families that the tests of provisioners need.
pub const STORES: &[&str] = &["minio"];
