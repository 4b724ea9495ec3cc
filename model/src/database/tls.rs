use super::text;

/// How far a driver goes for TLS (documentation of PostgreSQL's JDBC driver, "Connecting to the database").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tls {
    /// Never, whatever the server offers: `disable`.
    Never,
    /// Where the server offers it, with whatever certificate: `prefer`, and `allow`.
    #[default]
    Offered,
    /// Not without, with whatever certificate: `require`.
    Required,
    /// Not without, with a certificate that a trusted authority has signed, for whatever name: `verify-ca`.
    Authority,
    /// Not without, with a certificate that a trusted authority has signed for this host: `verify-full`.
    Host,
}

impl Tls {
    /// What the parameters of an address ask for. A mode that is not known is left to the driver, which refuses it.
    pub(super) fn of(parameters: &str) -> Self {
        let mode = text::parameter(parameters, "sslmode").map(|mode| mode.to_ascii_lowercase());
        match mode.as_deref() {
            Some("disable") => Self::Never,
            Some("require") => Self::Required,
            Some("verify-ca") => Self::Authority,
            Some("verify-full") => Self::Host,
            None if is_switched_on(parameters) => Self::Host,
            _ => Self::Offered,
        }
    }

    /// Whether the server's certificate is looked at.
    pub const fn is_checked(self) -> bool {
        matches!(self, Self::Authority | Self::Host)
    }
}

/// `ssl=true`, and `ssl` alone: each means `verify-full` where no mode is said.
fn is_switched_on(parameters: &str) -> bool {
    parameters.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        name.eq_ignore_ascii_case("ssl") && (value.is_empty() || value.eq_ignore_ascii_case("true"))
    })
}

#[cfg(test)]
mod tests {
    use super::Tls;
    use rstest::rstest;

    #[rstest]
    #[case::nothing("", Tls::Offered)]
    #[case::disable("sslmode=disable", Tls::Never)]
    #[case::allow("sslmode=allow", Tls::Offered)]
    #[case::prefer("sslmode=prefer", Tls::Offered)]
    #[case::require("sslmode=require", Tls::Required)]
    #[case::authority("sslmode=verify-ca", Tls::Authority)]
    #[case::host("a=b&sslMode=Verify-Full", Tls::Host)]
    #[case::escaped("sslmode=verify%2Dfull", Tls::Host)]
    #[case::unknown("sslmode=strict", Tls::Offered)]
    #[case::switch("ssl=true", Tls::Host)]
    #[case::switch_alone("a=b&ssl", Tls::Host)]
    #[case::switched_off("ssl=false", Tls::Offered)]
    #[case::mode_over_switch("ssl=true&sslmode=require", Tls::Required)]
    fn modes_are_the_drivers(#[case] parameters: &str, #[case] expected: Tls) {
        assert_eq!(Tls::of(parameters), expected);
    }

    #[test]
    fn two_modes_look_at_the_certificate() {
        let all = [Tls::Never, Tls::Offered, Tls::Required, Tls::Authority, Tls::Host];
        let checked: Vec<_> = all.into_iter().filter(|tls| tls.is_checked()).collect();
        assert_eq!(checked, [Tls::Authority, Tls::Host]);
    }
}
