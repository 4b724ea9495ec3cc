//! Database addresses as people give them: `postgres://USER:PASSWORD@HOST[:PORT]/NAME[?KEY=VALUE…]`.

use super::Error;

/// An address in its parts, still percent-encoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DatabaseUrl<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    /// With port, if there is one.
    pub(super) host: &'a str,
    pub(super) name: &'a str,
    /// Without the question mark; empty when there are none.
    pub(super) parameters: &'a str,
}

/// Reads an address in the buildpack's shape.
pub(super) fn parse(text: &str) -> Result<DatabaseUrl<'_>, Error> {
    let rest = ["postgres://", "postgresql://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .ok_or(Error::Address(
            "it is not for PostgreSQL; this runtime double knows no other server",
        ))?;
    read(rest).ok_or(Error::Address("expected postgres://USER:PASSWORD@HOST/NAME"))
}

fn read(rest: &str) -> Option<DatabaseUrl<'_>> {
    let (login, rest) = rest.split_once('@')?;
    let (user, password) = login.split_once(':')?;
    let (host, rest) = rest.split_once('/')?;
    let (name, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let parts = [user, password, host, name];
    parts.iter().all(|part| !part.is_empty()).then_some(DatabaseUrl {
        user,
        password,
        host,
        name,
        parameters,
    })
}

/// A JDBC address. The documentation of portable packages gives addresses without `jdbc:` and with a login, which no
/// driver takes as they are; they are put into the driver's shape. What cannot be read stays as it is.
pub(super) fn jdbc(text: &str) -> String {
    match parse(text) {
        Ok(DatabaseUrl {
            user,
            password,
            host,
            name,
            parameters,
        }) => {
            format!("jdbc:postgresql://{host}/{name}?user={user}&password={password}&{parameters}")
        }
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_five_parts() {
        let parts = parse("postgres://me:a%40b@db:5433/shop?sslmode=disable").unwrap();
        assert_eq!((parts.user, parts.password), ("me", "a%40b"));
        assert_eq!(
            (parts.host, parts.name, parts.parameters),
            ("db:5433", "shop", "sslmode=disable")
        );
        assert_eq!(parse("postgresql://me:it@db/shop").unwrap().parameters, "");
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_the_password() {
        for text in [
            "mysql://me:hush@db/shop",
            "postgres://me:hush@db",
            "postgres://me@db/shop",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_documented_address_of_a_portable_package_becomes_one_for_the_driver() {
        assert_eq!(
            jdbc("postgresql://me:it@db:5432/shop"),
            "jdbc:postgresql://db:5432/shop?user=me&password=it&"
        );
        assert_eq!(jdbc("jdbc:postgresql://db/shop"), "jdbc:postgresql://db/shop");
    }
}
