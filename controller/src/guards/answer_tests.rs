use super::*;
use mendix_model::lease::LeaseState;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers with these bytes, and then closes, or says nothing more.
async fn server(answer: String, closes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 1024];
        let length = connection.read(&mut request).await.expect("a request");
        assert!(request[..length].starts_with(b"GET /m2ee-sidecar/v1/status "));
        // The client may go before all is written.
        let _ = connection.write_all(answer.as_bytes()).await;
        if !closes {
            std::future::pending::<()>().await;
        }
    });
    address
}

fn with_body(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn far() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

#[tokio::test]
async fn what_a_guard_of_a_later_release_says_besides_is_not_minded() {
    let document =
        json!({"role": "leader", "new": 1, "lease": {"state": "held", "boundSeconds": 20, "new": {}}});
    let address = server(with_body(&document.to_string()), false).await;
    let status = ask(address, far()).await.expect("an answer").lease;
    assert_eq!((status.state, status.bound_seconds), (LeaseState::Held, Some(20)));
}

#[rstest]
#[case::no_json(with_body("ready"), NoAnswer::Malformed)]
#[case::no_lease(with_body(r#"{"role": "leader"}"#), NoAnswer::Malformed)]
#[case::unknown_word(with_body(r#"{"lease": {"state": "new"}}"#), NoAnswer::Malformed)]
#[case::refused(
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    NoAnswer::Status(StatusCode::NOT_FOUND)
)]
#[case::elsewhere(
    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned(),
    NoAnswer::Status(StatusCode::FOUND)
)]
#[case::without_end(
    format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(LARGEST_ANSWER + 1)),
    NoAnswer::Broken
)]
#[tokio::test]
async fn wrong_answers_are_told(#[case] answer: String, #[case] expected: NoAnswer) {
    let address = server(answer, false).await;
    assert_eq!(ask(address, far()).await, Err(expected));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let address = server(with_body("{}").replace(": 2", ": 9"), true).await;
    assert_eq!(ask(address, far()).await, Err(NoAnswer::Broken));
}

#[rstest]
#[case::before_the_head("")]
#[case::within_the_body("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")]
#[tokio::test]
async fn a_guard_that_hangs_is_not_waited_for(#[case] answer: &str) {
    let address = server(answer.to_owned(), false).await;
    let soon = Instant::now() + Duration::from_millis(100);
    assert_eq!(ask(address, soon).await, Err(NoAnswer::Late));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_told_in_the_words_of_the_system() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let Err(NoAnswer::Unreachable(why)) = ask(address, far()).await else {
        panic!("nobody listens");
    };
    assert!(why.contains("refused"), "{why}");
}

fn pod(ip: &Value, state: &Value) -> Pod {
    let container = json!({
        "name": "mendix", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state,
    });
    let status = json!({"podIP": ip, "containerStatuses": [container]});
    let guarded = json!({"name": "mendix", "command": ["/run/mendix/guard/mendix", "guard", "run"]});
    let pod = json!({"metadata": {"name": "shop"}, "spec": {"containers": [guarded]}, "status": status});
    serde_json::from_value(pod).expect("pod")
}

#[test]
fn only_guards_that_run_are_asked() {
    let running = json!({"running": {}});
    let of = |pod: &Pod| address(pod).map(|address| address.to_string());
    assert_eq!(
        of(&pod(&json!("10.0.0.1"), &running)),
        Some("10.0.0.1:8800".to_owned())
    );
    assert_eq!(
        of(&pod(&json!("fd00::1"), &running)),
        Some("[fd00::1]:8800".to_owned())
    );
    assert_eq!(of(&pod(&Value::Null, &running)), None);
    assert_eq!(
        of(&pod(&json!("10.0.0.1"), &json!({"terminated": {"exitCode": 1}}))),
        None
    );
    let mut leaving = pod(&json!("10.0.0.1"), &running);
    leaving.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
        jiff::Timestamp::UNIX_EPOCH,
    ));
    assert_eq!(of(&leaving), None);
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_runs() {
    assert_eq!(ask_all(&[pod(&Value::Null, &Value::Null)]).await, Answers::new());
}
