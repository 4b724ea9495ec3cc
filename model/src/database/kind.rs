/// Product of a database, as far as its addresses matter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// IBM Db2.
    Db2,
    /// SAP HANA.
    Hana,
    /// The runtime's own database, in its memory or its files.
    Hsqldb,
    /// `MariaDB` too: both drivers reach the servers of both.
    MySql,
    /// Oracle Database.
    Oracle,
    /// PostgreSQL.
    PostgreSql,
    /// Microsoft SQL Server and Azure SQL.
    SqlServer,
}

impl Kind {
    /// From a value of setting `DatabaseType` (Mendix documentation, "Runtime customization"), or the scheme of an
    /// address.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        Some(match letters.collect::<String>().to_ascii_lowercase().as_str() {
            "db2" => Self::Db2,
            "saphana" | "hana" | "sap" => Self::Hana,
            "hsqldb" => Self::Hsqldb,
            "mysql" | "mariadb" => Self::MySql,
            "oracle" => Self::Oracle,
            "postgresql" | "postgres" => Self::PostgreSql,
            "sqlserver" | "mssql" | "azuresql" => Self::SqlServer,
            _ => return None,
        })
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Db2 => "db2",
            Self::Hana => "saphana",
            Self::Hsqldb => "hsqldb",
            Self::MySql => "mysql",
            Self::Oracle => "oracle",
            Self::PostgreSql => "postgresql",
            Self::SqlServer => "sqlserver",
        }
    }

    /// The runtime's word: a value of setting `DatabaseType` (Mendix documentation, "Runtime customization").
    pub const fn runtime_word(self) -> &'static str {
        match self {
            Self::Db2 => "DB2",
            Self::Hana => "SAPHANA",
            Self::Hsqldb => "HSQLDB",
            Self::MySql => "MYSQL",
            Self::Oracle => "ORACLE",
            Self::PostgreSql => "PostgreSQL",
            Self::SqlServer => "SQLSERVER",
        }
    }

    /// The port that the driver takes when none is given.
    pub(super) const fn default_port(self) -> u16 {
        match self {
            Self::Db2 => 50000,
            Self::Hana => 30015,
            Self::Hsqldb => 9001,
            Self::MySql => 3306,
            Self::Oracle => 1521,
            Self::PostgreSql => 5432,
            Self::SqlServer => 1433,
        }
    }

    /// Whether apps share a database of this product, each with a schema of its own, which is named after its user
    /// when nothing else is said.
    pub(super) const fn has_owner(self) -> bool {
        matches!(self, Self::Hana | Self::Oracle)
    }

    /// The name of a database, as it is compared. PostgreSQL alone tells upper from lower case always. Elsewhere it
    /// depends on the server, and two names too many for one database are worse than one too few: the second would
    /// get a claim of its own.
    pub(super) fn fold(self, name: &str) -> String {
        match self {
            Self::PostgreSql => name.to_owned(),
            _ => name.to_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("PostgreSQL", Kind::PostgreSql)]
    #[case("POSTGRESQL", Kind::PostgreSql)]
    #[case("SQLServer", Kind::SqlServer)]
    #[case("SQLSERVER", Kind::SqlServer)]
    #[case("SQL Server", Kind::SqlServer)]
    #[case("Oracle", Kind::Oracle)]
    #[case("SAPHANA", Kind::Hana)]
    #[case("MySQL", Kind::MySql)]
    #[case("MariaDB", Kind::MySql)]
    #[case("Db2", Kind::Db2)]
    #[case("HSQLDB", Kind::Hsqldb)]
    fn words_of_the_runtime_are_known(#[case] word: &str, #[case] expected: Kind) {
        assert_eq!(Kind::of_word(word), Some(expected));
        assert_eq!(Kind::of_word(expected.as_str()), Some(expected));
        assert_eq!(Kind::of_word(expected.runtime_word()), Some(expected));
    }

    #[rstest]
    #[case("")]
    #[case("postgre")]
    #[case("mongodb")]
    fn other_words_are_not(#[case] word: &str) {
        assert_eq!(Kind::of_word(word), None);
    }
}
