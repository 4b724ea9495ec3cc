//! Waits for its turn, and takes.

use super::clock;
use super::connection::{Connection, Connections};
use super::failure::Failure;
use super::part::{Absence, Part};
use super::shared::{Shared, Stage};
use mendix_model::lease::{Lease, TERMS, Verdict, Watch, decide};
use mendix_postgres_tls::Connector;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Another took between look and statement: so long, or a little longer, and it is looked again.
const AGAIN: Duration = Duration::from_millis(100);
/// A database that cannot be reached for so long ends the container, with the reason.
const UNREACHABLE: Duration = Duration::from_mins(1);

/// What a round has come to.
enum Round {
    /// The lease is held, from the moment on at which this was sent.
    Held(Lease),
    /// Look again after so long.
    Again(Duration),
    /// Nothing more to be done.
    Over(Stage),
}

/// Takes, as soon as it may. Nothing when there is no lease to be had, or the guard ends before.
pub(super) async fn take<'a>(
    part: &'a Part,
    connector: &'a Connector,
    shared: &Shared,
) -> Option<Connections<'a>> {
    let mut connections = Connections::new(&part.logins, connector);
    let mut watch = Watch::default();
    let mut answered = Instant::now();
    loop {
        let round = tokio::select! {
            () = shared.child_ended() => Round::Over(Stage::Ended),
            round = round(part, shared, &mut connections, &mut watch) => match round {
                Ok(round) => {
                    answered = Instant::now();
                    round
                }
                Err(failure) => failed(shared, failure, answered.elapsed()),
            },
        };
        match round {
            Round::Held(lease) => {
                shared.begin(lease);
                return Some(connections);
            }
            Round::Again(pause) => tokio::select! {
                () = shared.child_ended() => {}
                () = sleep(pause) => {}
            },
            Round::Over(stage) => {
                shared.tell(stage);
                return None;
            }
        }
    }
}

async fn round(
    part: &Part,
    shared: &Shared,
    connections: &mut Connections<'_>,
    watch: &mut Watch,
) -> Result<Round, Failure> {
    let rows = match connections.ask(Connection::look).await {
        Err(Failure::NoTables) => return create(connections).await,
        Err(Failure::NoRight(words)) if connections.ask(Connection::has_schema).await? => {
            return Ok(Round::Over(Stage::Refused(closed_schema(&words))));
        }
        looked => looked?,
    };
    watch.see(&rows, clock::now());
    let process = &part.process;
    let sent = clock::now();
    let taken = match decide(&TERMS, process, &rows, watch, sent) {
        Verdict::Take(on) => {
            connections
                .ask(async |server| server.take(process, &on).await)
                .await?
        }
        Verdict::Renew => {
            connections
                .ask(async |server| server.renew(&process.instance).await)
                .await?
        }
        Verdict::Wait(wait) => {
            shared.tell(Stage::Waiting {
                why: wait.to_string(),
                seconds: wait.seconds(),
            });
            return Ok(Round::Again(PAUSE));
        }
        Verdict::Refused(refusal) => return Ok(Round::Over(Stage::Refused(refusal.to_string()))),
    };
    let again = AGAIN + AGAIN.mul_f32(rand::random());
    Ok(if taken {
        Round::Held(Lease::begun(sent))
    } else {
        Round::Again(again)
    })
}

async fn create(connections: &mut Connections<'_>) -> Result<Round, Failure> {
    match connections.ask(Connection::create).await {
        Err(Failure::NoRight(words)) => Ok(Round::Over(Stage::Absent(Absence::NoRight(no_right(&words))))),
        // Two that make the same at once fail for reasons of their own; the next look shows what is there.
        Err(Failure::Other { .. }) | Ok(()) => Ok(Round::Again(Duration::ZERO)),
        Err(failure) => Err(failure),
    }
}

fn failed(shared: &Shared, failure: Failure, since: Duration) -> Round {
    let sentence = format!("failed to look at the rows of the database: {failure}");
    match failure {
        Failure::NoDatabase(words) => Round::Over(Stage::Absent(Absence::NoRight(format!(
            "the database was not there when the process was started ({words}); rows are kept from its next start on"
        )))),
        Failure::NoLogin(words) => Round::Over(Stage::Absent(Absence::NoLogin(words))),
        _ if since >= UNREACHABLE => Round::Over(Stage::Refused(sentence)),
        _ => {
            shared.tell(Stage::Waiting {
                why: sentence,
                seconds: None,
            });
            Round::Again(PAUSE)
        }
    }
}

fn no_right(words: &str) -> String {
    format!(
        "the role of the app may not make schema kubectl_mendix ({words}); as the owner of the database: GRANT CREATE ON \
         DATABASE to the role, or make the schema and grant CREATE and USAGE on it"
    )
}

/// Whose rows they are cannot be told then, and it is not for us to start beside them.
fn closed_schema(words: &str) -> String {
    format!(
        "the database has a schema kubectl_mendix that the role of the app may not read ({words}): another role has run \
         an app on it; grant the role what it needs there, or give this environment a database of its own"
    )
}
