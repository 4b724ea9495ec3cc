use thiserror::Error;

/// Why it cannot be told which database is meant.
///
/// Every part of every sentence is fixed text of ours: no value that was read gets into one, so no credential can.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Problem {
    /// Nothing that names a database.
    #[error("no database is named: set its type, host and name, or its JDBC address")]
    NoDatabase,
    /// No host.
    #[error("the database has no host: set it, or a JDBC address")]
    NoHost,
    /// No name.
    #[error("the database has no name: set it, or write it into the address")]
    NoName,
    /// No type, and no JDBC address that tells it.
    #[error("the type of the database is not set: set it, such as PostgreSQL")]
    NoType,
    /// Oracle or SAP HANA, where many apps may use one database, each in a schema of its own.
    #[error(
        "neither user nor schema of the database is set, and on this type of database each app has its own: set one"
    )]
    NoOwner,
    /// A type that is not known here.
    #[error(
        "the type of the database is not known: use PostgreSQL, SQLServer, Oracle, SAPHANA, MySQL, MariaDB, DB2 or HSQLDB"
    )]
    UnknownType,
    /// An address of a form that is not known here.
    #[error(
        "the address of the database has no known form: use the one of the database's JDBC driver, such as \
         jdbc:postgresql://host:5432/name"
    )]
    UnknownForm,
    /// A user, password or name breaks the address apart.
    #[error(
        "the address of the database has a '@' where none belongs: write special characters of user and password as \
         %40 and the like, or set them apart from the address"
    )]
    SpecialCharacter,
    /// A host that is none.
    #[error("the host of the database is neither a host name nor an IP address: correct it")]
    Host,
    /// A port that is none.
    #[error("the port of the database is not a number from 1 to 65535: correct it")]
    Port,
    /// A name that may carry more than a name.
    #[error("the name of the database has a character that belongs to an address: write only the name")]
    Name,
    /// A name out of a file in the container.
    #[error(
        "the address of the database is an alias of a tnsnames.ora file, which does not tell the host: write host, port \
         and service"
    )]
    Alias,
    /// Which server is meant depends on which one answers.
    #[error("the database has hosts inside the pod and others, which may be two databases: keep one kind")]
    Loopback,
    /// A variable whose text is not JSON.
    #[error("its text is not a JSON object: correct it")]
    Json,
    /// A place that does not tell its database.
    #[error("failed to tell which database {place} names: {problem}")]
    In {
        /// Name of the variable or key.
        place: &'static str,
        /// What is wrong with it.
        problem: Box<Self>,
    },
    /// Two places that name different databases.
    #[error("{first} and {second} name different databases: remove the one that is not meant")]
    Differ {
        /// Name of the variable that the runtime looks at first.
        first: &'static str,
        /// Name of the other one.
        second: &'static str,
    },
}

impl Problem {
    /// Says where the problem is.
    pub(super) fn at(self, place: &'static str) -> Self {
        Self::In {
            place,
            problem: Box::new(self),
        }
    }
}
