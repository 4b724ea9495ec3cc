//! What the API server itself refuses, by the policies of the chart. Their expressions stand in the chart; their words
//! stand here as well, for those who ask what a rule is about.

/// One rule of a policy. The API server answers `ID: statement: remedy`.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Stable id, such as `MX020`.
    pub id: &'static str,
    /// What holds.
    pub statement: &'static str,
    /// What happens when it does not.
    pub evidence: &'static str,
    /// What to do instead.
    pub remedy: &'static str,
}

impl Policy {
    /// The words of the API server.
    pub fn message(&self) -> String {
        format!("{}: {}: {}", self.id, self.statement, self.remedy)
    }
}

/// All of them, in order of their ids.
pub const POLICIES: &[Policy] = &[
    Policy {
        id: "MX020",
        statement: "only the controller takes gate kubectl-mendix.io/gate off a pod",
        evidence: "A pod without the gate starts at once, whatever else runs on its database.",
        remedy: "see kubectl mendix status for what the pod waits for; in an emergency, who has verb breakglass on \
                 environments may do it with annotation kubectl-mendix.io/break-glass naming the reason",
    },
    Policy {
        id: "MX021",
        statement: "only the controller takes finalizer kubectl-mendix.io/active off a pod, once its processes have ended",
        evidence: "Without it a forced deletion makes the pod vanish while its processes go on, on a node that is cut \
                   off for example, and the next leader would start beside them.",
        remedy: "if its node is lost for good, run kubectl mendix fence NODE",
    },
    Policy {
        id: "MX022",
        statement: "labels kubectl-mendix.io/environment, role, model and component, and annotations environment, \
                    database, container, claim and lease of a pod never change",
        evidence: "The gate judged the pod by them: changed, a leader would pass for a worker, or for nobody's.",
        remedy: "change them in the pod template",
    },
    Policy {
        id: "MX023",
        statement: "the images of a guarded pod never change",
        evidence: "The kubelet restarts the container with the new image at once: two models of the app on one database, \
                   and no pod was made that a gate could hold.",
        remedy: "change them in the pod template",
    },
    Policy {
        id: "MX024",
        statement: "an ephemeral container of a guarded pod may not have the image of the app, which would run the app a \
                    second time",
        evidence: "It has the variables of the pod, so it would lead beside the leader.",
        remedy: "take another image",
    },
    Policy {
        id: "MX025",
        statement: "only the controller writes database claims",
        evidence: "The claim is the record of every pod that may run on a database; what is taken out of it is forgotten.",
        remedy: "to give a database to another environment, run kubectl mendix adopt",
    },
    Policy {
        id: "MX026",
        statement: "a database claim stays while pods may run under it",
        evidence: "Without the claim nobody knows of these pods, and others would be let start beside them.",
        remedy: "delete those pods first",
    },
    Policy {
        id: "MX027",
        statement: "a pod of an environment starts with scheduling gate kubectl-mendix.io/gate, which nothing has added",
        evidence: "In the first moment after an installation the API server does not know the policies yet; a pod born \
                   then would start unasked.",
        remedy: "the webhook is down, or the policies are not in force yet; it is made again by its controller",
    },
    Policy {
        id: "MX028",
        statement: "label kubectl-mendix.io/environment goes from a template only while none of its pods is there, since \
                    the next ones would start without the gate",
        evidence: "A Deployment starts the pods of its new template while those of the old one still end.",
        remedy: "scale it to 0 and wait, or run kubectl mendix unprotect",
    },
    Policy {
        id: "MX029",
        statement: "a static pod of an environment runs on whatever becomes of its mirror",
        evidence: "The kubelet runs it from a file: the mirror at the API server only shows it, and its deletion would \
                   pass for the end of the process.",
        remedy: "take its file from the node, or run kubectl mendix fence NODE once the machine is off",
    },
];

#[cfg(test)]
mod tests {
    use super::POLICIES;
    use std::collections::BTreeSet;
    use std::fs;

    /// Messages of all templates of the chart.
    fn messages() -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/mendix/templates/gate");
        let files = fs::read_dir(folder).expect("the chart");
        let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("text"));
        let lines: Vec<String> = texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let messages = lines
            .iter()
            .filter_map(|line| line.trim().strip_prefix("message: "));
        messages
            .map(|message| message.trim_matches('"').to_owned())
            .collect()
    }

    #[test]
    fn these_are_the_words_of_the_chart() {
        let ours: BTreeSet<_> = POLICIES.iter().map(super::Policy::message).collect();
        assert_eq!(ours, messages());
    }
}
