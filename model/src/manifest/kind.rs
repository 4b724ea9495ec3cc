/// What makes pods, or is one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Deployment.
    Deployment,
    /// `StatefulSet`.
    StatefulSet,
    /// `DaemonSet`.
    DaemonSet,
    /// `ReplicaSet` of its own: those of Deployments are not looked at.
    ReplicaSet,
    /// A pod of nothing that is known here.
    Pod,
}

impl Kind {
    /// As kubectl names it in arguments.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::ReplicaSet => "replicaset",
            Self::Pod => "pod",
        }
    }

    /// By group and kind; a group had several versions, of one form as far as it matters here.
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("apps" | "extensions", "Deployment") => Some(Self::Deployment),
            ("apps", "StatefulSet") => Some(Self::StatefulSet),
            ("apps" | "extensions", "DaemonSet") => Some(Self::DaemonSet),
            ("apps" | "extensions", "ReplicaSet") => Some(Self::ReplicaSet),
            ("", "Pod") => Some(Self::Pod),
            _ => None,
        }
    }
}
