//! Which names are legal. Pure. Asked before a store is: some say only that a request was bad.

/// Names of buckets (Amazon S3 User Guide, "General purpose bucket naming rules"); what is wrong with one.
pub(in crate::provision) fn bucket_problem(name: &str) -> Option<String> {
    let problem = if !(3..=63).contains(&name.len()) {
        "has from 3 to 63 characters"
    } else if !name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    {
        "is made of lower-case letters, digits, dots and dashes"
    } else if !ends_well(name) {
        "begins and ends with a letter or a digit"
    } else if name.contains("..") || name.parse::<std::net::Ipv4Addr>().is_ok() {
        "has no two dots in a row and is no address"
    } else {
        return None;
    };
    Some(format!("{name:?} is not the name of a bucket, which {problem}"))
}

/// Names of containers (Azure Storage REST API, "Naming and Referencing Containers, Blobs, and Metadata").
pub(in crate::provision) fn container_problem(name: &str) -> Option<String> {
    let problem = if !(3..=63).contains(&name.len()) {
        "has from 3 to 63 characters"
    } else if !name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        "is made of lower-case letters, digits and dashes"
    } else if !ends_well(name) || name.contains("--") {
        "begins and ends with a letter or a digit, and has no two dashes in a row"
    } else {
        return None;
    };
    Some(format!(
        "{name:?} is not the name of a container, which {problem}"
    ))
}

/// Names that files are put below: what every store and address takes without escaping.
pub(in crate::provision) fn prefix_problem(name: &str) -> Option<String> {
    let legal = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let good = name.len() <= 200 && name.split('/').all(legal);
    (!good).then(|| {
        format!(
            "{name:?} is no bucket or folder: use letters, digits, dots, dashes and underscores, with single slashes \
             between"
        )
    })
}

fn ends_well(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(good) && name.ends_with(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("shop-files.2", true)]
    #[case("ab", false)]
    #[case("Shop", false)]
    #[case("shop_files", false)]
    #[case("-shop", false)]
    #[case("shop..files", false)]
    #[case("192.168.1.1", false)]
    fn buckets(#[case] name: &str, #[case] legal: bool) {
        assert_eq!(bucket_problem(name).is_none(), legal);
    }

    #[rstest]
    #[case("shop-files2", true)]
    #[case("shop.files", false)]
    #[case("shop--files", false)]
    #[case("shop-", false)]
    #[case("sh", false)]
    #[case("Shop", false)]
    fn containers(#[case] name: &str, #[case] legal: bool) {
        assert_eq!(container_problem(name).is_none(), legal);
    }

    #[rstest]
    #[case("shop", true)]
    #[case("team/Shop_1.x", true)]
    #[case("/shop", false)]
    #[case("shop/", false)]
    #[case("a//b", false)]
    #[case("a/../b", false)]
    #[case("a b", false)]
    #[case("", false)]
    fn prefixes(#[case] name: &str, #[case] legal: bool) {
        assert_eq!(prefix_problem(name).is_none(), legal);
    }
}
