//! The statistics of the admin port as metrics, for runtimes that give none by themselves. Pure.
//!
//! Form of the statistics: Mendix documentation, "Monitoring Mendix Runtime". Names and labels are those of the
//! runtime's own metrics, so that one dashboard serves both; the names that the official operator's sidecar gives them
//! are not published.

use serde_json::Value;
use std::fmt::Write;

/// A metric and where its value stands.
struct Metric {
    name: &'static str,
    counts: bool,
    /// Labels with braces, or nothing.
    labels: &'static str,
    pointer: &'static str,
}

const fn counter(name: &'static str, pointer: &'static str) -> Metric {
    Metric {
        name,
        counts: true,
        labels: "",
        pointer,
    }
}

const fn gauge(name: &'static str, labels: &'static str, pointer: &'static str) -> Metric {
    Metric {
        name,
        counts: false,
        labels,
        pointer,
    }
}

const HEAP: &str = "{area=\"heap\"}";
const NONHEAP: &str = "{area=\"nonheap\"}";

/// Metrics of one name stand together, as the format wants it.
const OF_RUNTIME: &[Metric] = &[
    counter(
        "mx_runtime_stats_connectionbus_selects_total",
        "/connectionbus/select",
    ),
    counter(
        "mx_runtime_stats_connectionbus_inserts_total",
        "/connectionbus/insert",
    ),
    counter(
        "mx_runtime_stats_connectionbus_updates_total",
        "/connectionbus/update",
    ),
    counter(
        "mx_runtime_stats_connectionbus_deletes_total",
        "/connectionbus/delete",
    ),
    counter(
        "mx_runtime_stats_connectionbus_transactions_total",
        "/connectionbus/transaction",
    ),
    gauge(
        "mx_runtime_stats_sessions_named_users",
        "",
        "/sessions/named_users",
    ),
    gauge(
        "mx_runtime_stats_sessions_named_user_sessions",
        "",
        "/sessions/named_user_sessions",
    ),
    gauge(
        "mx_runtime_stats_sessions_anonymous_sessions",
        "",
        "/sessions/anonymous_sessions",
    ),
    gauge("jvm_memory_used_bytes", HEAP, "/memory/used_heap"),
    gauge("jvm_memory_used_bytes", NONHEAP, "/memory/used_nonheap"),
    gauge("jvm_memory_committed_bytes", HEAP, "/memory/committed_heap"),
    gauge("jvm_memory_committed_bytes", NONHEAP, "/memory/committed_nonheap"),
    gauge("jvm_memory_max_bytes", HEAP, "/memory/max_heap"),
    gauge("jvm_memory_max_bytes", NONHEAP, "/memory/max_nonheap"),
    gauge("jvm_threads_live_threads", "", "/threads"),
];

const OF_SERVER: &[Metric] = &[
    gauge("jetty_threads_current", "", "/threadpool/threads"),
    gauge("jetty_threads_idle", "", "/threadpool/idle_threads"),
    gauge("jetty_threads_config_max", "", "/threadpool/max_threads"),
    gauge("jetty_threads_config_min", "", "/threadpool/min_threads"),
];

/// `runtime` and `server` are what `runtime_statistics` and `server_statistics` give back. What a runtime does not tell
/// is left out.
pub(super) fn text(runtime: &Value, server: &Value) -> String {
    let mut text = String::new();
    let mut last = "";
    for (metrics, statistics) in [(OF_RUNTIME, runtime), (OF_SERVER, server)] {
        for metric in metrics {
            // The machine says -1 where there is no maximum.
            let value = statistics.pointer(metric.pointer).and_then(Value::as_u64);
            if let Some(value) = value {
                if last != metric.name {
                    head(&mut text, metric.name, metric.counts);
                }
                last = metric.name;
                sample(&mut text, metric.name, metric.labels, value);
            }
        }
    }
    requests(&mut text, runtime);
    text
}

/// One sample for each request handler.
fn requests(text: &mut String, runtime: &Value) {
    const NAME: &str = "mx_runtime_stats_handler_requests_total";
    let handlers = runtime["requests"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let counted = handlers
        .iter()
        .filter_map(|handler| Some((handler["name"].as_str()?, handler["value"].as_u64()?)));
    for (index, (handler, value)) in counted.enumerate() {
        if index == 0 {
            head(text, NAME, true);
        }
        sample(text, NAME, &format!("{{name=\"{}\"}}", escaped(handler)), value);
    }
}

/// A value of a label (Prometheus documentation, "Exposition formats").
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

// Writing to a text cannot fail.
fn head(text: &mut String, name: &str, counts: bool) {
    let _ = writeln!(text, "# TYPE {name} {}", if counts { "counter" } else { "gauge" });
}

fn sample(text: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(text, "{name}{labels} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn runtime() -> Value {
        json!({
            "requests": [{"name": "", "value": 97, "last_request_timestamp": 1}, {"name": "xas/", "value": 8}],
            "sessions": {"user_sessions": {"1": ["s-agent"]}, "named_users": 3, "named_user_sessions": 1},
            "connectionbus": {"update": 7, "transaction": 0, "select": 28, "delete": 5, "insert": 6},
            "memory": {"used_heap": 10, "used_nonheap": 11, "max_heap": 12, "max_nonheap": -1},
        })
    }

    #[test]
    fn statistics_become_the_metrics_of_newer_runtimes() {
        let text = text(
            &runtime(),
            &json!({"threadpool": {"threads": 8, "max_threads": 254}}),
        );
        let expected = [
            "mx_runtime_stats_connectionbus_selects_total 28",
            "mx_runtime_stats_connectionbus_transactions_total 0",
            "mx_runtime_stats_sessions_named_users 3",
            "jvm_memory_used_bytes{area=\"heap\"} 10",
            "jvm_memory_used_bytes{area=\"nonheap\"} 11",
            "jetty_threads_config_max 254",
            "mx_runtime_stats_handler_requests_total{name=\"\"} 97",
            "mx_runtime_stats_handler_requests_total{name=\"xas/\"} 8",
        ];
        for line in expected {
            assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("max_bytes{area=\"nonheap\"}"), "{text}");
        assert!(!text.contains("s-agent"), "{text}");
    }

    #[test]
    fn each_name_has_one_head_before_its_samples() {
        let text = text(&runtime(), &Value::Null);
        let heads: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
        let mut distinct = heads.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(heads.len(), distinct.len(), "{text}");
        assert!(
            text.contains("# TYPE mx_runtime_stats_handler_requests_total counter\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE jvm_memory_used_bytes gauge\n"), "{text}");
    }

    #[test]
    fn a_handler_cannot_break_the_format() {
        let statistics = json!({"requests": [{"name": "a\"b\\c\nd", "value": 1}]});
        assert!(text(&statistics, &Value::Null).ends_with("{name=\"a\\\"b\\\\c\\nd\"} 1\n"));
    }

    #[test]
    fn a_runtime_that_tells_nothing_has_no_metrics() {
        assert_eq!(text(&Value::Null, &Value::Null), "");
    }
}
