//! What S3 refused or failed at: a kind to count by, and a text that says what to do.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::options::S3Options;

/// More of a server's message than this is not passed on.
const LONGEST_MESSAGE: usize = 600;

/// Why something could not be listed, read or written. Plain data, to be counted and told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Failure {
    /// What happened.
    pub kind: S3FailureKind,
    /// What S3 said, and what can be done. It does not name the object.
    pub text: String,
}

/// What a caller can tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum S3FailureKind {
    /// The right is lacking, on this object or on the bucket.
    Denied,
    /// The object may be read, or written, but not its key in KMS be used.
    KmsDenied,
    /// The object is in an archive and has to be restored first.
    Archived {
        /// Its storage class, if S3 named it.
        class: Option<String>,
    },
    /// No such object, or none any more.
    NotFound,
    /// No such bucket.
    NoSuchBucket,
    /// The object is another one than was listed, or than the condition of a write asks for.
    Changed,
    /// The object is the one that the caller has already.
    NotModified,
    /// No byte of the object is in the range.
    BeyondEnd,
    /// S3 asked to slow down, or failed by itself, as often as was tried.
    Throttled,
    /// The session is over and could not be renewed.
    ExpiredToken,
    /// No credentials were found, or S3 does not know them.
    NoCredentials,
    /// Nothing has answered so far, or not S3.
    WrongEndpoint,
    /// There were answers before, but none to this request as often as was tried.
    Connection,
    /// The bucket is elsewhere and could not be followed.
    WrongRegion {
        /// Where it is, if S3 named it.
        region: Option<String>,
    },
    /// The body ended early, and taking it up again did not help.
    Truncated,
    /// The bytes are not those that were stored.
    Checksum,
    /// The store does not know what it was asked for.
    NotImplemented,
    /// Anything else.
    Other,
}

/// What a request is to be allowed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    Read,
    Put,
    /// Under the condition that what is there is what it is supposed to be.
    Replace,
    Delete,
    Abort,
}

impl fmt::Display for S3Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for S3Failure {}

impl S3Failure {
    pub(super) fn new(kind: S3FailureKind, text: impl Into<String>) -> S3Failure {
        S3Failure { kind, text: text.into() }
    }

    /// Whether everything else in the run will fail in the same way: not an object's fault.
    #[must_use]
    pub fn ends_the_run(&self) -> bool {
        use S3FailureKind::{
            ExpiredToken, NoCredentials, NoSuchBucket, WrongEndpoint, WrongRegion,
        };
        matches!(
            self.kind,
            ExpiredToken | NoCredentials | NoSuchBucket | WrongEndpoint | WrongRegion { .. }
        )
    }

    /// The failure of a request that needs this right, in words for this way to S3. `answered` is
    /// whether any request was answered so far.
    pub(super) fn of<E>(
        error: &SdkError<E, HttpResponse>,
        options: &S3Options,
        right: Right,
        answered: bool,
    ) -> S3Failure
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let unanswered =
            if answered { S3FailureKind::Connection } else { S3FailureKind::WrongEndpoint };
        match error {
            SdkError::ServiceError(context) => {
                let reply = Reply::of(context.raw(), context.err());
                let kind = reply.kind();
                let text = told(&kind, &reply.words(), options, right);
                S3Failure { kind, text }
            }
            SdkError::ResponseError(context) if context.raw().status().as_u16() >= 300 => {
                let reply = Reply { status: context.raw().status().as_u16(), ..Reply::default() };
                let kind = reply.kind();
                let text = told(&kind, &reply.words(), options, right);
                S3Failure { kind, text }
            }
            SdkError::ResponseError(_) => {
                let words = format!("the answer is not S3's: {}", chain(error));
                S3Failure { text: told(&unanswered, &words, options, right), kind: unanswered }
            }
            // A request that was not built or not signed; without credentials it cannot be.
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_)
                if lacks_credentials(error) =>
            {
                let kind = S3FailureKind::NoCredentials;
                S3Failure { text: told(&kind, &chain(error), options, right), kind }
            }
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => S3Failure {
                text: told(&unanswered, &chain(error), options, right),
                kind: unanswered,
            },
            _ => S3Failure::new(S3FailureKind::Other, clean(&chain(error))),
        }
    }

    /// The failure of a body before all of its bytes have come.
    pub(super) fn of_body(error: &(dyn Error + 'static)) -> S3Failure {
        let text = format!("the body broke off: {}", clean(&chain(error)));
        S3Failure::new(S3FailureKind::Truncated, text)
    }

    /// The failure of a body after all of its bytes: the one thing still to be done is to compare
    /// their checksum.
    pub(super) fn at_end(error: &(dyn Error + 'static)) -> S3Failure {
        let text = format!("the bytes do not fit their checksum: {}", clean(&chain(error)));
        S3Failure::new(S3FailureKind::Checksum, text)
    }
}

/// What is looked at in an answer that reports an error.
#[derive(Debug, Default)]
struct Reply {
    status: u16,
    code: String,
    message: String,
    region: Option<String>,
    class: Option<String>,
}

impl Reply {
    fn of(raw: &HttpResponse, error: &impl ProvideErrorMetadata) -> Reply {
        let body = raw.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let header = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
        Reply {
            status: raw.status().as_u16(),
            code: error.code().unwrap_or_default().to_owned(),
            message: error.message().unwrap_or_default().to_owned(),
            region: header.or_else(|| element(&body, "Region")).filter(|name| is_region(name)),
            class: element(&body, "StorageClass"),
        }
    }

    fn kind(&self) -> S3FailureKind {
        use S3FailureKind as Kind;
        match (self.status, self.code.as_str()) {
            (301 | 307, _) | (_, "PermanentRedirect" | "TemporaryRedirect") => self.elsewhere(),
            (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException")
            | (400, "")
                if self.region.is_some() =>
            {
                self.elsewhere()
            }
            (_, "InvalidObjectState") => Kind::Archived { class: self.class.clone() },
            (_, "NoSuchBucket") => Kind::NoSuchBucket,
            (_, "NoSuchKey" | "NoSuchVersion" | "NotFound") | (404, _) => Kind::NotFound,
            (304, _) => Kind::NotModified,
            (409, "ConditionalRequestConflict") | (412, _) => Kind::Changed,
            (416, _) => Kind::BeyondEnd,
            (_, "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired") => {
                Kind::ExpiredToken
            }
            (
                _,
                "InvalidAccessKeyId"
                | "InvalidToken"
                | "SignatureDoesNotMatch"
                | "InvalidClientTokenId"
                | "UnrecognizedClientException",
            ) => Kind::NoCredentials,
            (501, _) | (_, "NotImplemented") => Kind::NotImplemented,
            (429 | 500.., _) | (_, "SlowDown" | "RequestLimitExceeded" | "RequestTimeout") => {
                Kind::Throttled
            }
            (_, code) if code.starts_with("KMS.") => Kind::KmsDenied,
            (401 | 403, _) if mentions_kms(&self.message) => Kind::KmsDenied,
            (_, "RequestTimeTooSkewed") => Kind::Other,
            (401 | 403, _) => Kind::Denied,
            _ => Kind::Other,
        }
    }

    fn elsewhere(&self) -> S3FailureKind {
        S3FailureKind::WrongRegion { region: self.region.clone() }
    }

    /// What S3 says, as it says it.
    fn words(&self) -> String {
        match (self.code.as_str(), self.message.as_str()) {
            ("", "") => format!("S3 answered with status {}", self.status),
            (code, "") => format!("S3 answered {code} ({})", self.status),
            ("", message) => format!("S3 answered {}: {message}", self.status),
            (code, message) => format!("S3 answered {code}: {message}"),
        }
    }
}

/// S3's words and what to do about them.
fn told(kind: &S3FailureKind, words: &str, options: &S3Options, right: Right) -> String {
    use S3FailureKind as Kind;
    let words = clean(words);
    let advice = match kind {
        Kind::Denied if right == Right::Put => "s3:PutObject on this key is needed",
        Kind::Denied if right == Right::Replace => {
            "s3:PutObject and s3:GetObject on this key are needed"
        }
        Kind::Denied if right == Right::Delete => "s3:DeleteObject on this key is needed",
        Kind::Denied if right == Right::Abort => "s3:AbortMultipartUpload on this key is needed",
        Kind::KmsDenied if matches!(right, Right::Put | Right::Replace) => {
            "what is written there is encrypted with a key that may not be used: kms:GenerateDataKey \
             on that key is needed, and kms:Decrypt for what is sent in parts"
        }
        Kind::Denied if !options.requester_pays => {
            "s3:GetObject on the objects and s3:ListBucket on the bucket are needed; if the \
             requester pays for this bucket, add --requester-pays"
        }
        Kind::Denied => "s3:GetObject on the objects and s3:ListBucket on the bucket are needed",
        Kind::KmsDenied => {
            "the object is encrypted with a key that may not be used: kms:Decrypt on that key is \
             needed, by the reader's policy and, in another account, by the key's"
        }
        Kind::Archived { .. } => "it has to be restored before it can be read",
        Kind::NoSuchBucket if options.endpoint_url.is_some() && !options.path_style => {
            "check the bucket's name; stores other than AWS's often need --path-style"
        }
        Kind::NoSuchBucket => "check the bucket's name",
        Kind::Throttled => "run again later, or with fewer requests at a time",
        Kind::ExpiredToken => "log in again: the session is over and could not be renewed",
        Kind::NoCredentials => "log in, or name a profile with --profile or a role with --role-arn",
        Kind::WrongEndpoint if options.endpoint_url.is_some() && !options.path_style => {
            "check --endpoint-url; stores other than AWS's often need --path-style"
        }
        Kind::WrongEndpoint if options.endpoint_url.is_some() => "check --endpoint-url",
        Kind::WrongEndpoint => "check the network, the proxy and the Region",
        Kind::Connection => "run again later",
        Kind::WrongRegion { region: Some(region) } if options.endpoint_url.is_some() => {
            return format!(
                "{words}; the bucket is in {region}: name that with --s3-region, or the endpoint \
                 of that Region with --endpoint-url"
            );
        }
        Kind::WrongRegion { .. } => "name the bucket's Region with --s3-region",
        _ => return words,
    };
    format!("{words}; {advice}")
}

fn mentions_kms(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("kms") || message.contains("ciphertext refers to a customer master key")
}

/// The text of the first such element. Enough for S3's error documents, which do not nest.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A Region becomes part of a host name: what cannot be one is not asked.
fn is_region(name: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(part)
}

fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        // The SDK has no type for its own limit of the time that finding them may take.
        cause.is::<CredentialsError>() || cause.to_string().contains("identity resolver timed out")
    })
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The messages of an error and of its causes, each once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// A server's words, on one line and not endless.
fn clean(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if let Some((cut, _)) = line.char_indices().nth(LONGEST_MESSAGE) {
        line.truncate(cut);
        line.push_str(" ...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, code: &str, message: &str) -> Reply {
        Reply { status, code: code.into(), message: message.into(), ..Reply::default() }
    }

    #[test]
    fn answers_are_told_apart() {
        use S3FailureKind as Kind;
        let kms = "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: \
                   kms:Decrypt on the resource";
        for (status, code, message, expected) in [
            (403, "AccessDenied", "Access Denied", Kind::Denied),
            (403, "AllAccessDisabled", "", Kind::Denied),
            (403, "", "", Kind::Denied), // HEAD has no body
            (403, "AccessDenied", kms, Kind::KmsDenied),
            (400, "KMS.DisabledException", "key is disabled", Kind::KmsDenied),
            (403, "InvalidObjectState", "", Kind::Archived { class: None }),
            (404, "NoSuchKey", "", Kind::NotFound),
            (404, "", "", Kind::NotFound),
            (404, "NoSuchBucket", "", Kind::NoSuchBucket),
            (412, "PreconditionFailed", "", Kind::Changed),
            (409, "ConditionalRequestConflict", "", Kind::Changed),
            (409, "BucketAlreadyExists", "", Kind::Other),
            (304, "", "", Kind::NotModified),
            (416, "InvalidRange", "", Kind::BeyondEnd),
            (503, "SlowDown", "", Kind::Throttled),
            (503, "", "", Kind::Throttled),
            (501, "NotImplemented", "", Kind::NotImplemented),
            (500, "InternalError", "", Kind::Throttled),
            (400, "RequestTimeout", "", Kind::Throttled),
            (400, "ExpiredToken", "", Kind::ExpiredToken),
            (403, "InvalidAccessKeyId", "", Kind::NoCredentials),
            (403, "SignatureDoesNotMatch", "", Kind::NoCredentials),
            (403, "RequestTimeTooSkewed", "", Kind::Other),
            (301, "PermanentRedirect", "", Kind::WrongRegion { region: None }),
            (400, "AuthorizationHeaderMalformed", "", Kind::Other),
            (400, "", "", Kind::Other),
        ] {
            assert_eq!(reply(status, code, message).kind(), expected, "{status} {code}");
        }
    }

    #[test]
    fn the_right_region_is_taken_wherever_it_stands() {
        let region = || Some("eu-west-1".to_owned());
        for (status, code) in
            [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed"), (400, "")]
        {
            let reply = Reply { region: region(), ..reply(status, code, "") };
            assert_eq!(reply.kind(), S3FailureKind::WrongRegion { region: region() });
        }
        assert_eq!(element("<Error><Region>eu-west-1</Region></Error>", "Region"), region());
        assert_eq!(element("<Error><Region></Region></Error>", "Region"), None);
        assert!(is_region("us-gov-west-1"));
        assert!(!is_region("evil.example.com/"));
    }

    #[test]
    fn a_refusal_mentions_the_option_that_may_help() {
        let mut options = S3Options::default();
        let text = told(&S3FailureKind::Denied, "AccessDenied", &options, Right::Read);
        assert!(text.contains("--requester-pays"));
        options.requester_pays = true;
        let text = told(&S3FailureKind::Denied, "AccessDenied", &options, Right::Read);
        assert!(!text.contains("--requester-pays"));
        let text = told(&S3FailureKind::KmsDenied, "AccessDenied", &options, Right::Read);
        assert!(text.contains("kms:Decrypt"));
    }

    #[test]
    fn a_refused_write_names_the_right_that_it_needs() {
        for (kind, right, needed) in [
            (S3FailureKind::Denied, Right::Put, "s3:PutObject"),
            (S3FailureKind::Denied, Right::Delete, "s3:DeleteObject"),
            (S3FailureKind::Denied, Right::Abort, "s3:AbortMultipartUpload"),
            (S3FailureKind::KmsDenied, Right::Put, "kms:GenerateDataKey"),
        ] {
            let text = told(&kind, "AccessDenied", &S3Options::default(), right);
            assert!(text.contains(needed) && !text.contains("GetObject"), "{text}");
        }
        let options = S3Options::default();
        let text = told(&S3FailureKind::Denied, "AccessDenied", &options, Right::Replace);
        assert!(text.contains("s3:PutObject and s3:GetObject"), "{text}");
    }

    #[test]
    fn a_message_stays_on_its_line_and_is_cut() {
        let text = clean(&format!("a\nb\u{1b}[31m{}", "x".repeat(2 * LONGEST_MESSAGE)));
        assert!(text.starts_with("a b [31mxx") && text.ends_with("xx ..."));
        assert_eq!(text.chars().count(), LONGEST_MESSAGE + 4);
    }
}
