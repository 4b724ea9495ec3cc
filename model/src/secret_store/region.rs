//! Regions of S3, which newer runtimes want to be told.

/// The region that an address of AWS names; of all others the first one, which other stores take (Mendix documentation,
/// "Storage plans", "S3 Bucket Region Might Need to Be Set Manually").
pub fn s3_region(host: &str) -> &str {
    let amazon = host
        .strip_suffix(".amazonaws.com")
        .or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    match amazon.and_then(|rest| rest.rsplit('.').next()) {
        // Services without a region in their address.
        None | Some("s3" | "iam") => "us-east-1",
        Some("us-gov") => "us-gov-west-1",
        Some(region) => region,
    }
}

#[cfg(test)]
mod tests {
    use super::s3_region;
    use rstest::rstest;

    #[rstest]
    #[case("s3.eu-west-1.amazonaws.com", "eu-west-1")]
    #[case("files.s3.eu-west-1.amazonaws.com", "eu-west-1")]
    #[case("files.s3.cn-north-1.amazonaws.com.cn", "cn-north-1")]
    #[case("files.s3.amazonaws.com", "us-east-1")]
    #[case("iam.amazonaws.com", "us-east-1")]
    #[case("iam.cn-north-1.amazonaws.com.cn", "cn-north-1")]
    #[case("iam.us-gov.amazonaws.com", "us-gov-west-1")]
    #[case("storage.googleapis.com", "us-east-1")]
    #[case("minio.team.svc", "us-east-1")]
    fn regions(#[case] host: &str, #[case] expected: &str) {
        assert_eq!(s3_region(host), expected);
    }
}
