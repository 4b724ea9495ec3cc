//! How much of a container's memory the Java machine may take for its heap. Pure.
//!
//! Source: Mendix documentation, "JVM memory tuning" (operator 2.26): outside of the heap stays half of the memory
//! but at least 300 MiB below 2 GiB; 1 GiB below 4; 1.5 below 8; 2 below 16; 3 below 32; 4 from there on.

use crate::crd::Quantity;
use crate::runtime_configuration::{InvalidField, Kind};

const MEBIBYTE: u64 = 1 << 20;
/// Memory limits in MiB below which so many MiB stay outside of the heap.
const OUTSIDE: [(u64, u64); 4] = [(4096, 1024), (8192, 1536), (16384, 2048), (32768, 3072)];
/// MiB outside of the heap above all of those limits.
const MOST_OUTSIDE: u64 = 4096;
/// MiB outside of the heap in the smallest containers.
const LEAST_OUTSIDE: u64 = 300;
/// Below this many MiB half of the memory stays outside.
const SMALL: u64 = 2048;
/// Options that say the same and are taken out.
const FLAGS: [&str; 5] = [
    "-Xms",
    "-Xmx",
    "-XX:MinRAMPercentage",
    "-XX:MaxRAMPercentage",
    "-XX:InitialRAMPercentage",
];

/// MiB of the heap for a memory limit in bytes; none when the container is too small for the rule.
pub fn heap_of(limit: u64) -> Option<u64> {
    let limit = limit / MEBIBYTE;
    let outside = if limit < SMALL {
        (limit / 2).max(LEAST_OUTSIDE)
    } else {
        let fitting = OUTSIDE.iter().find(|(below, _)| limit < *below);
        fitting.map_or(MOST_OUTSIDE, |(_, outside)| *outside)
    };
    limit.checked_sub(outside).filter(|heap| *heap > 0)
}

/// MiB of the heap: what the app says, else what the rule gives for its memory limit, else nothing.
///
/// # Errors
/// The app's value is no quantity of at least 1 MiB, or not below the memory limit.
pub fn heap(limit: Option<&Quantity>, configured: Option<&Quantity>) -> Result<Option<u64>, InvalidField> {
    let limit = limit.and_then(Quantity::bytes);
    let Some(configured) = configured else {
        return Ok(limit.and_then(heap_of));
    };
    let invalid = |problem: &str| InvalidField {
        kind: Kind::Value,
        field: "jvmMemorySettings.heapLimit".to_owned(),
        problem: problem.to_owned(),
    };
    let bytes = configured.bytes().filter(|bytes| *bytes >= MEBIBYTE);
    let bytes =
        bytes.ok_or_else(|| invalid("is not a quantity of memory of at least 1Mi, such as 1700Mi"))?;
    if limit.is_some_and(|limit| bytes >= limit) {
        return Err(invalid(
            "is not below resources.limits.memory: lower it, or raise the limit; the Java machine needs memory besides its heap",
        ));
    }
    Ok(Some(bytes / MEBIBYTE))
}

/// `JAVA_TOOL_OPTIONS` with a heap of so many MiB, and nothing else that says how large it is.
pub fn java_options(given: &str, heap: u64) -> String {
    let kept = words(given)
        .into_iter()
        .filter(|word| !FLAGS.iter().any(|flag| word.starts_with(flag)));
    kept.chain([format!("-Xmx{heap}m")]).collect::<Vec<_>>().join(" ")
}

/// Words as the Java machine takes them: white space divides, except between quotes, which stay.
fn words(text: &str) -> Vec<String> {
    let (mut all, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in text.chars() {
        match (quote, letter) {
            (None, _) if letter.is_whitespace() => all.push(std::mem::take(&mut word)),
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.push(letter);
            }
            (Some(open), _) if open == letter => {
                quote = None;
                word.push(letter);
            }
            _ => word.push(letter),
        }
    }
    all.push(word);
    all.retain(|word| !word.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing(0, None)]
    #[case::too_small(300, None)]
    #[case::least(301, Some(1))]
    #[case::default(512, Some(212))]
    #[case::half(1024, Some(512))]
    #[case::below_two(2047, Some(1024))]
    #[case::two(2048, Some(1024))]
    #[case::below_four(4095, Some(3071))]
    #[case::four(4096, Some(2560))]
    #[case::eight(8192, Some(6144))]
    #[case::sixteen(16384, Some(13312))]
    #[case::thirty_two(32768, Some(28672))]
    fn the_heap_follows_the_documented_table(#[case] limit: u64, #[case] expected: Option<u64>) {
        assert_eq!(heap_of(limit * MEBIBYTE), expected);
    }

    #[rstest]
    #[case::rule(Some("512Mi"), None, Ok(Some(212)))]
    #[case::no_limit(None, None, Ok(None))]
    #[case::own(Some("2Gi"), Some("1700Mi"), Ok(Some(1700)))]
    #[case::own_without_limit(None, Some("1G"), Ok(Some(953)))]
    #[case::as_large_as_the_limit(Some("1Gi"), Some("1Gi"), Err(()))]
    #[case::no_quantity(Some("1Gi"), Some("much"), Err(()))]
    #[case::nothing(Some("1Gi"), Some("0"), Err(()))]
    fn the_app_has_the_first_word(
        #[case] limit: Option<&str>,
        #[case] configured: Option<&str>,
        #[case] expected: Result<Option<u64>, ()>,
    ) {
        let quantity = |text: Option<&str>| text.map(Quantity::from);
        assert_eq!(
            heap(quantity(limit).as_ref(), quantity(configured).as_ref()).map_err(drop),
            expected
        );
    }

    #[rstest]
    #[case::empty("", "-Xmx212m")]
    #[case::replaced("-Xms1g -Xmx2g -XX:MaxRAMPercentage=75.0", "-Xmx212m")]
    #[case::kept("-Da=b  -Xmx2g\n-XX:+UseG1GC", "-Da=b -XX:+UseG1GC -Xmx212m")]
    #[case::quoted(r#"-Da="b -Xmx1g" -Dc='d e'"#, r#"-Da="b -Xmx1g" -Dc='d e' -Xmx212m"#)]
    fn only_options_of_the_heap_are_taken_out(#[case] given: &str, #[case] expected: &str) {
        assert_eq!(java_options(given, 212), expected);
    }
}
