//! What is done on a server, decided from what is there. Pure.

use super::super::PostgresError;
use super::names::Names;
use super::sql;

/// What is there.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// `150004` is 15.4.
    pub(super) version: i32,
    /// The administrator's own role.
    pub(super) user: String,
    /// What that role may.
    pub(super) rights: Rights,
    /// Whether our role is there.
    pub(super) role_exists: bool,
    /// Owner of the database, if there is one.
    pub(super) database_owner: Option<String>,
}

/// What the administrator may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rights {
    pub(super) superuser: bool,
    pub(super) create_roles: bool,
    pub(super) create_databases: bool,
}

/// Part of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Role,
    Database,
}

/// One statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Statement {
    /// May hold a verifier: never shown.
    pub(super) sql: String,
    /// The same in words: "failed to …".
    pub(super) step: String,
    /// What did not exist before it.
    makes: Option<Part>,
}

impl Statement {
    fn new(sql: String, step: String) -> Self {
        Self {
            sql,
            step,
            makes: None,
        }
    }

    fn making(self, part: Part) -> Self {
        Self {
            makes: Some(part),
            ..self
        }
    }
}

/// What one run made.
#[derive(Debug, Default)]
pub(in crate::provision) struct Made(Vec<Part>);

impl Made {
    /// Notes what a statement that succeeded has made.
    pub(super) fn note(&mut self, statement: &Statement) {
        self.0.extend(statement.makes);
    }
}

/// First version with `DROP DATABASE … WITH (FORCE)`.
const OLDEST: i32 = 130_000;

/// Makes role and database, or takes over what an earlier run has left of them.
pub(super) fn creation(
    facts: &Facts,
    names: &Names,
    verifier: &str,
) -> Result<Vec<Statement>, PostgresError> {
    check_server(facts)?;
    check_owner(facts, names)?;
    let Names { database, role } = names;
    let mut statements = Vec::new();
    if facts.role_exists {
        statements.push(Statement::new(
            sql::alter_role(role, verifier),
            format!("set the password of role {role}"),
        ));
    } else {
        let create = Statement::new(sql::create_role(role, verifier), format!("create role {role}"));
        statements.push(create.making(Part::Role));
    }
    statements.extend(membership(facts, role));
    if facts.database_owner.is_none() {
        let create = Statement::new(
            sql::create_database(database, role),
            format!("create database {database}"),
        );
        statements.push(create.making(Part::Database));
    }
    let close = format!("take the right to connect to database {database} from everybody else");
    statements.push(Statement::new(sql::close_database(database), close));
    Ok(statements)
}

/// Drops both, whatever is there of them.
pub(super) fn removal(facts: &Facts, names: &Names) -> Result<Vec<Statement>, PostgresError> {
    check_version(facts)?;
    check_owner(facts, names)?;
    let Names { database, role } = names;
    let mut statements = Vec::new();
    if facts.role_exists {
        statements.extend(membership(facts, role));
    }
    statements.push(Statement::new(
        sql::drop_database(database),
        format!("drop database {database}"),
    ));
    statements.push(Statement::new(sql::drop_role(role), format!("drop role {role}")));
    Ok(statements)
}

/// Takes back what a failed run made, and nothing that was there before or that somebody is connected to.
pub(super) fn roll_back(names: &Names, made: &Made) -> Vec<Statement> {
    let Names { database, role } = names;
    let mut statements = Vec::new();
    if made.0.contains(&Part::Database) {
        let step = format!("drop database {database}");
        statements.push(Statement::new(sql::drop_idle_database(database), step));
    }
    if made.0.contains(&Part::Role) {
        statements.push(Statement::new(sql::drop_role(role), format!("drop role {role}")));
    }
    statements
}

fn membership(facts: &Facts, role: &str) -> Option<Statement> {
    let step = || format!("become a member of role {role}");
    (!facts.rights.superuser).then(|| Statement::new(sql::grant_role(role), step()))
}

fn check_server(facts: &Facts) -> Result<(), PostgresError> {
    check_version(facts)?;
    let missing = [
        (facts.rights.create_roles, "create roles"),
        (facts.rights.create_databases, "create databases"),
    ];
    match missing
        .into_iter()
        .find(|(granted, _)| !granted && !facts.rights.superuser)
    {
        Some((_, step)) => Err(PostgresError::NoRight {
            step: step.to_owned(),
            user: facts.user.clone(),
        }),
        None => Ok(()),
    }
}

fn check_version(facts: &Facts) -> Result<(), PostgresError> {
    if facts.version >= OLDEST {
        return Ok(());
    }
    let version = format!("{}.{}", facts.version / 10_000, facts.version % 10_000);
    Err(PostgresError::TooOld { version })
}

fn check_owner(facts: &Facts, names: &Names) -> Result<(), PostgresError> {
    match &facts.database_owner {
        Some(owner) if *owner != names.role => Err(PostgresError::Foreign {
            database: names.database.clone(),
            owner: owner.clone(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            database: "shop".to_owned(),
            role: "shop".to_owned(),
        }
    }

    const RIGHTS: Rights = Rights {
        superuser: false,
        create_roles: true,
        create_databases: true,
    };

    fn facts() -> Facts {
        Facts {
            version: 150_004,
            user: "admin".to_owned(),
            rights: RIGHTS,
            role_exists: false,
            database_owner: None,
        }
    }

    fn verbs(statements: &[Statement]) -> Vec<String> {
        statements
            .iter()
            .map(|statement| {
                statement
                    .sql
                    .split(['"', ','])
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            })
            .collect()
    }

    fn created(facts: &Facts) -> Vec<String> {
        verbs(&creation(facts, &names(), "verifier").expect("plan"))
    }

    #[test]
    fn everything_is_made_on_an_empty_server() {
        assert_eq!(
            created(&facts()),
            ["CREATE ROLE", "GRANT", "CREATE DATABASE", "REVOKE CONNECT"]
        );
        let rights = Rights {
            superuser: true,
            create_roles: false,
            ..RIGHTS
        };
        let superuser = Facts { rights, ..facts() };
        assert_eq!(
            created(&superuser),
            ["CREATE ROLE", "CREATE DATABASE", "REVOKE CONNECT"]
        );
    }

    #[test]
    fn what_an_earlier_run_left_is_taken_over() {
        let role = Facts {
            role_exists: true,
            ..facts()
        };
        assert_eq!(
            created(&role),
            ["ALTER ROLE", "GRANT", "CREATE DATABASE", "REVOKE CONNECT"]
        );
        let both = Facts {
            database_owner: Some("shop".to_owned()),
            ..role
        };
        assert_eq!(created(&both), ["ALTER ROLE", "GRANT", "REVOKE CONNECT"]);
    }

    #[test]
    fn a_database_of_others_is_neither_taken_nor_dropped() {
        let foreign = Facts {
            database_owner: Some("other".to_owned()),
            ..facts()
        };
        assert!(matches!(
            creation(&foreign, &names(), "v"),
            Err(PostgresError::Foreign { .. })
        ));
        assert!(matches!(
            removal(&foreign, &names()),
            Err(PostgresError::Foreign { .. })
        ));
    }

    #[test]
    fn missing_rights_and_old_servers_are_named() {
        let sentence = |facts: Facts| creation(&facts, &names(), "v").expect_err("refused").to_string();
        let roles = sentence(Facts {
            rights: Rights {
                create_roles: false,
                ..RIGHTS
            },
            ..facts()
        });
        assert!(
            roles.contains("failed to create roles: role admin") && roles.contains("CREATEROLE"),
            "{roles}"
        );
        assert!(
            sentence(Facts {
                rights: Rights {
                    create_databases: false,
                    ..RIGHTS
                },
                ..facts()
            })
            .contains("create databases")
        );
        assert!(
            sentence(Facts {
                version: 120_007,
                ..facts()
            })
            .contains("PostgreSQL 12.7")
        );
    }

    #[test]
    fn only_what_was_made_is_rolled_back_and_never_by_force() {
        let statements = creation(&facts(), &names(), "v").expect("plan");
        let mut made = Made::default();
        assert_eq!(roll_back(&names(), &made), []);
        made.note(&statements[0]);
        assert_eq!(verbs(&roll_back(&names(), &made)), ["DROP ROLE IF EXISTS"]);
        statements[1..].iter().for_each(|statement| made.note(statement));
        let all = roll_back(&names(), &made);
        assert_eq!(verbs(&all), ["DROP DATABASE IF EXISTS", "DROP ROLE IF EXISTS"]);
        assert!(all.iter().all(|statement| !statement.sql.contains("FORCE")));
    }

    #[test]
    fn a_takeover_is_not_rolled_back() {
        let left = Facts {
            role_exists: true,
            database_owner: Some("shop".to_owned()),
            ..facts()
        };
        let mut made = Made::default();
        creation(&left, &names(), "v")
            .expect("plan")
            .iter()
            .for_each(|statement| made.note(statement));
        assert_eq!(roll_back(&names(), &made), []);
    }
}
