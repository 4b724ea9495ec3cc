use super::{general, oracle, sql_server};
use crate::database::kind::Kind;
use crate::database::parts::Parts;
use crate::database::{Problem, text};

/// Takes an address apart: that of a JDBC driver, or `postgres://user:password@host/name`. A JDBC address without
/// `jdbc:`, as the documentation of the portable runtime shows it, is of the second form.
pub(super) fn parse(url: &str) -> Result<Parts, Problem> {
    let (jdbc, rest) = text::without_prefix(url, "jdbc:").map_or((false, url), |rest| (true, rest));
    let (scheme, rest) = rest.split_once(':').ok_or(Problem::UnknownForm)?;
    let kind = Kind::of_word(scheme).ok_or(Problem::UnknownForm)?;
    match kind {
        Kind::Hsqldb => own_database(rest),
        Kind::Oracle if jdbc => oracle::parse(rest),
        Kind::SqlServer if jdbc => sql_server::parse(rest),
        _ if jdbc => general::parse_jdbc(kind, rest),
        _ => general::parse_plain(kind, rest),
    }
}

/// HSQLDB in memory or files: the pod itself. A server of it is not supported by the runtime.
fn own_database(rest: &str) -> Result<Parts, Problem> {
    let remote = ["hsql:", "hsqls:", "http:", "https:"];
    if remote
        .iter()
        .any(|prefix| text::without_prefix(rest, prefix).is_some())
    {
        return Err(Problem::UnknownForm);
    }
    Ok(Parts::new(Kind::Hsqldb, Vec::new()))
}
