//! Which object it is, and in which edition, in a few bytes.

use sha2::{Digest, Sha256};

/// What tells one content of an object from another, besides its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition<'a> {
    /// The store's mark. Quotes around it do not matter: listings have them, notifications do not.
    ETag(&'a str),
    /// When a file was last modified, in nanoseconds since 1970.
    Modified(i128),
}

/// An object and its edition, as a state knows them: 14 bytes of digests.
///
/// They are made with a salt that the state drew when it was started. So nobody can make two keys that a state
/// takes for one, and identities of one state mean nothing to another. That two of `n` keys of a shelf
/// have one fingerprint by chance has a probability of about n²/2⁶⁵.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Of the place and the key.
    pub(crate) fingerprint: [u8; 8],
    /// Of the edition and the size.
    pub(crate) tag: [u8; 6],
}

impl Identity {
    /// What stands for the place and the key. Two keys of a listing that have the same are taken for one
    /// object, and whoever lists can tell.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }

    /// The identity of an object in the state that has this salt.
    pub(crate) fn new(
        salt: &[u8; 32],
        place: &str,
        key: &str,
        edition: Edition<'_>,
        size: u64,
    ) -> Identity {
        let object = digest(salt, b"key\0", &[place.as_bytes(), key.as_bytes()]);
        let size = size.to_be_bytes();
        let content = match edition {
            Edition::ETag(etag) => digest(salt, b"etag\0", &[unquoted(etag).as_bytes(), &size]),
            Edition::Modified(time) => digest(salt, b"time\0", &[&time.to_be_bytes(), &size]),
        };
        let mut identity = Identity { fingerprint: [0; 8], tag: [0; 6] };
        identity.fingerprint.copy_from_slice(&object[..8]);
        identity.tag.copy_from_slice(&content[..6]);
        identity
    }
}

/// The digest of parts that cannot run into each other.
fn digest(salt: &[u8; 32], what: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(what);
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn unquoted(etag: &str) -> &str {
    etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 32] = [7; 32];

    fn identity(place: &str, key: &str, edition: Edition<'_>, size: u64) -> Identity {
        Identity::new(&SALT, place, key, edition, size)
    }

    #[test]
    fn the_fingerprint_is_of_place_and_key_alone() {
        let one = identity("s3://a", "b/c", Edition::ETag("x"), 1);
        assert_eq!(one.fingerprint, identity("s3://a", "b/c", Edition::ETag("y"), 2).fingerprint);
        for (place, key) in [("s3://ab", "/c"), ("s3://a", "b/C"), ("s3://b", "b/c")] {
            let other = identity(place, key, Edition::ETag("x"), 1);
            assert_ne!(one.fingerprint, other.fingerprint, "{place} {key}");
            assert_eq!(one.tag, other.tag, "the same edition");
        }
        let salted = Identity::new(&[8; 32], "s3://a", "b/c", Edition::ETag("x"), 1);
        assert_ne!(salted.fingerprint, one.fingerprint);
        assert_ne!(salted.tag, one.tag);
    }

    #[test]
    fn the_tag_is_of_edition_and_size() {
        let tag = |edition, size| identity("p", "k", edition, size).tag;
        let one = tag(Edition::ETag("9a"), 5);
        assert_eq!(one, tag(Edition::ETag("\"9a\""), 5), "quotes do not matter");
        for (edition, size) in [
            (Edition::ETag("9a"), 6),
            (Edition::ETag("9b"), 5),
            (Edition::ETag("\"9a"), 5),
            (Edition::Modified(5), 5),
        ] {
            assert_ne!(one, tag(edition, size), "{edition:?} {size}");
        }
        assert_ne!(tag(Edition::Modified(1), 5), tag(Edition::Modified(2), 5));
    }
}
