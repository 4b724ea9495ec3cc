//! What the Java machine is told through `JAVA_TOOL_OPTIONS`. Pure.

use crate::assignment::Assignment;
use mendix_model::jvm_memory;

/// Variable from which every Java machine takes options.
pub(crate) const VARIABLE: &str = "JAVA_TOOL_OPTIONS";

/// The options, when they differ from the given ones: the heap, and the metrics agent of the image.
pub(crate) fn options(assignment: &Assignment) -> Option<String> {
    let configuration = &assignment.configuration;
    let given = &assignment.java_options;
    let sized = configuration
        .heap_mebibytes
        .map_or_else(|| given.clone(), |heap| jvm_memory::java_options(given, heap));
    let all: Vec<String> = [sized]
        .into_iter()
        .chain(agent(assignment))
        .filter(|part| !part.is_empty())
        .collect();
    Some(all.join(" ")).filter(|options| options != given)
}

/// Form of the agent's arguments: start script of the images (repository mendix/privatecloud-runtime-images).
fn agent(assignment: &Assignment) -> Option<String> {
    let agent = assignment.configuration.metrics_agent.as_ref()?;
    let path = |file: &String| assignment.configuration_folder.join(file).display().to_string();
    let instrumentation = agent
        .instrumentation
        .as_ref()
        .map(|file| format!(",instrumentation_config={}", path(file)));
    Some(format!(
        "-javaagent:{}=config={}{}",
        assignment.agent.as_ref()?.display(),
        path(&agent.configuration),
        instrumentation.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::{Assignment, assignment, tests::sources};

    fn assigned(document: &str, java_options: &str) -> Assignment {
        let mut sources = sources();
        sources.document = sources
            .document
            .replace("{\"settings\"", &format!("{{{document}\"settings\""));
        sources
            .variables
            .insert(VARIABLE.to_owned(), java_options.to_owned());
        sources.agent = Some("/opt/mendix/mxagent/mx-agent.jar".into());
        assignment(sources).expect("made")
    }

    #[test]
    fn nothing_is_set_without_a_heap_or_an_agent() {
        assert_eq!(options(&assigned("", "-Xmx1g")), None);
    }

    #[test]
    fn the_heap_takes_the_place_of_other_sizes() {
        let assignment = assigned(r#""heapMebibytes":212,"#, "-Da=b -Xmx4g");
        assert_eq!(options(&assignment).as_deref(), Some("-Da=b -Xmx212m"));
    }

    #[test]
    fn the_agent_is_told_its_files() {
        let document = r#""metricsAgent":{"configuration":"a.json","instrumentation":"i.json"},"#;
        let expected = "-javaagent:/opt/mendix/mxagent/mx-agent.jar=config=/run/mendix/configuration/a.json,\
                        instrumentation_config=/run/mendix/configuration/i.json";
        assert_eq!(options(&assigned(document, "")).as_deref(), Some(expected));
    }

    #[test]
    fn an_image_without_the_agent_runs_without_it() {
        let without = Assignment {
            agent: None,
            ..assigned(r#""metricsAgent":{"configuration":"a.json"},"#, "")
        };
        assert_eq!(options(&without), None);
    }
}
