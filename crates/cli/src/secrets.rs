//! Texts without what should stay with whoever typed it.

use std::borrow::Cow;

/// What stands in a secret's place.
pub(crate) const LEFT_OUT: &str = "(left out)";

/// Parameters of a presigned URL that let whoever has them read what it leads to.
const PARAMETERS: [&str; 5] = [
    "x-amz-signature=",
    "x-amz-credential=",
    "x-amz-security-token=",
    "awsaccesskeyid=",
    "signature=",
];

/// The text without the user and the password that an URL may have before its host, and without what
/// makes it a presigned one.
pub(crate) fn without_secrets(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, secret)) = next_secret(rest) {
        shown.push_str(&rest[..before]);
        shown.push_str(LEFT_OUT);
        rest = &rest[before + secret..];
    }
    match shown.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(shown + rest),
    }
}

/// How much stands before the first secret, and how long it is.
fn next_secret(text: &str) -> Option<(usize, usize)> {
    [user(text), parameter(text)].into_iter().flatten().min()
}

fn user(text: &str) -> Option<(usize, usize)> {
    let is_end = |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '`') || c.is_whitespace();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        from += at + 3;
        let host = &text[from..];
        let host = &host[..host.find(is_end).unwrap_or(host.len())];
        match host.rfind('@') {
            Some(length) if &host[..length] != LEFT_OUT => return Some((from, length)),
            _ => {}
        }
    }
    None
}

fn parameter(text: &str) -> Option<(usize, usize)> {
    let is_end = |c: char| {
        matches!(c, '&' | '#' | ';' | '"' | '\'' | '`' | ')' | '<' | '>') || c.is_whitespace()
    };
    // Letters of ASCII alone are changed, so that places are the same.
    let lower = text.to_ascii_lowercase();
    let found = PARAMETERS.iter().filter_map(|name| {
        let mut places = lower.match_indices(name).map(|(at, _)| (at, at + name.len()));
        places.find_map(|(at, from)| {
            let begins = at == 0 || lower[..at].ends_with(['?', '&', '-', ' ', '"', '\'', '`']);
            let value = &text[from..];
            let length = value.find(is_end).unwrap_or(value.len());
            (begins && length > 0 && !value.starts_with(LEFT_OUT)).then_some((from, length))
        })
    });
    found.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_of_urls_are_left_out_wherever_they_stand() {
        for (text, shown) in [
            (
                "https://user:secret@198.51.100.7:9000/a@b",
                "https://(left out)@198.51.100.7:9000/a@b",
            ),
            (
                "no way to http://u:p@w@host, or `ftp://u@h`",
                "no way to http://(left out)@host, or `ftp://(left out)@h`",
            ),
            ("s3://bucket/a@b and u@h", "s3://bucket/a@b and u@h"),
            ("http://", "http://"),
        ] {
            assert_eq!(without_secrets(text), shown);
            assert_eq!(without_secrets(shown), shown);
        }
    }

    #[test]
    fn a_presigned_url_is_of_no_use_any_more() {
        let url = "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AKIA%2Fx&X-Amz-Date=1\
                   &x-amz-security-token=T0k%3D&X-Amz-Signature=5ec2e7: is not supported";
        let shown = without_secrets(url);
        assert_eq!(
            shown,
            "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=(left out)&X-Amz-Date=1\
             &x-amz-security-token=(left out)&X-Amz-Signature=(left out) is not supported"
        );
        assert_eq!(without_secrets(&shown), shown);
        let old = "http://b/k?AWSAccessKeyId=AKIA&Expires=1&Signature=abc%3D";
        assert_eq!(
            without_secrets(old),
            "http://b/k?AWSAccessKeyId=(left out)&Expires=1&Signature=(left out)"
        );
        assert_eq!(without_secrets("designature=1"), "designature=1");
    }
}
