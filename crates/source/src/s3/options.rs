//! How S3 is to be reached, as plain data.

/// Who reads, through which door, and on whose bill. [`S3::connect`](super::S3::connect) takes it.
///
/// What is not set here comes from the environment, the profile or the machine, as for every AWS
/// tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Options {
    /// The profile of the AWS configuration files; `AWS_PROFILE` or `default` if not set.
    pub profile: Option<String>,
    /// A role to take on with the credentials found, for as long as the run lasts.
    pub role_arn: Option<String>,
    /// What the role's owner asks for beside the role. Of no use without one.
    pub external_id: Option<String>,
    /// Another S3 than AWS's, or a private way to it: `https://s3.example.com:9000`.
    pub endpoint_url: Option<String>,
    /// The bucket's name goes into the path and not into the host name.
    pub path_style: bool,
    /// The reader pays for requests and transfer, where a bucket asks for that.
    pub requester_pays: bool,
    /// The Region to ask first. The one of each bucket is found out anyway.
    pub region: Option<String>,
    /// How often a request is made before it counts as failed; at least 1. The waits between grow
    /// up to 20 seconds.
    pub attempts: u32,
}

impl Default for S3Options {
    fn default() -> S3Options {
        S3Options {
            profile: None,
            role_arn: None,
            external_id: None,
            endpoint_url: None,
            path_style: false,
            requester_pays: false,
            region: None,
            // With 3 of 10 requests refused, one of 170,000 objects fails for good.
            attempts: 10,
        }
    }
}
