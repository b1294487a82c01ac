//! Objects as a catalog keeps them: small, since there may be millions.
//!
//! Of an object in a bucket only its name is kept, the folder once for all that lie in it, and what its
//! key tells is found anew when it is asked for.

use std::collections::HashMap;
use std::sync::Arc;

use flowproof_source::s3::S3Store;
use flowproof_source::{Location, Object, key_layout};

/// One object.
#[derive(Debug)]
pub(super) enum Row {
    /// In a bucket.
    Key(Box<KeyRow>),
    /// Anywhere else.
    Whole(Arc<Object>),
}

#[derive(Debug)]
pub(super) struct KeyRow {
    folder: Arc<Folder>,
    name: Box<str>,
    size: u64,
    etag: Option<ETag>,
}

#[derive(Debug)]
struct Folder {
    /// As the user would write it, with the slash at its end.
    key: Box<str>,
    store: S3Store,
}

/// Where rows are made: it knows the folders so far.
#[derive(Debug, Default)]
pub(super) struct Rows {
    folders: HashMap<Box<str>, Arc<Folder>>,
}

impl Rows {
    pub(super) fn row(&mut self, object: Object) -> Row {
        let Location::S3 { store } = &object.location else { return Row::Whole(Arc::new(object)) };
        // What would not come back the same is kept as it is.
        if key_layout(&object.key) != object.layout {
            return Row::Whole(Arc::new(object));
        }
        let end = object.key.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, name) = object.key.split_at(end);
        let folder = self.folder(folder, store);
        let etag = object.etag.as_deref().map(ETag::of);
        Row::Key(Box::new(KeyRow { folder, name: name.into(), size: object.size, etag }))
    }

    fn folder(&mut self, key: &str, store: &S3Store) -> Arc<Folder> {
        if let Some(known) = self.folders.get(key) {
            return Arc::clone(known);
        }
        let folder = Arc::new(Folder { key: key.into(), store: store.clone() });
        self.folders.insert(key.into(), Arc::clone(&folder));
        folder
    }
}

impl Row {
    pub(super) fn object(&self) -> Arc<Object> {
        match self {
            Row::Key(row) => Arc::new(row.object()),
            Row::Whole(object) => Arc::clone(object),
        }
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Row::Key(row) => row.size,
            Row::Whole(object) => object.size,
        }
    }

    pub(super) fn location(&self) -> Where<'_> {
        match self {
            Row::Key(row) => Where::Bucket(&row.folder.store),
            Row::Whole(object) => match &object.location {
                Location::S3 { store } => Where::Bucket(store),
                Location::Within { .. } => Where::Within(object),
                _ => Where::Elsewhere,
            },
        }
    }

    /// The key in two parts that follow one another.
    pub(super) fn key(&self) -> (&str, &str) {
        match self {
            Row::Key(row) => (&row.folder.key, &row.name),
            Row::Whole(object) => (&object.key, ""),
        }
    }
}

/// Where an object is.
#[derive(Debug)]
pub(crate) enum Where<'r> {
    /// In a bucket.
    Bucket(&'r S3Store),
    /// In another object: this is the held one.
    Within(&'r Arc<Object>),
    /// In a file, or kept from standard input.
    Elsewhere,
}

impl KeyRow {
    fn object(&self) -> Object {
        let key = [&*self.folder.key, &*self.name].concat();
        Object {
            location: Location::S3 { store: self.folder.store.clone() },
            size: self.size,
            etag: self.etag.as_ref().map(ETag::text),
            layout: key_layout(&key),
            key,
        }
    }
}

/// The mark of an object's content. Nearly all are an MD5 in quotes, or one with the number of parts.
#[derive(Debug)]
enum ETag {
    Md5([u8; 16]),
    Parts([u8; 16], u32),
    Text(Box<str>),
}

impl ETag {
    fn of(text: &str) -> ETag {
        // Many ways to write a number, one that comes back.
        let known = ETag::parse(text).filter(|etag| etag.text() == text);
        known.unwrap_or_else(|| ETag::Text(text.into()))
    }

    fn parse(text: &str) -> Option<ETag> {
        let text = text.strip_prefix('"')?.strip_suffix('"')?;
        let digest = u128::from_str_radix(text.get(..32)?, 16).ok()?.to_be_bytes();
        match text.get(32..)?.strip_prefix('-') {
            None if text.len() == 32 => Some(ETag::Md5(digest)),
            parts => Some(ETag::Parts(digest, parts?.parse().ok()?)),
        }
    }

    fn text(&self) -> String {
        let hex = |digest: &[u8; 16]| format!("{:032x}", u128::from_be_bytes(*digest));
        match self {
            ETag::Md5(digest) => format!("\"{}\"", hex(digest)),
            ETag::Parts(digest, parts) => format!("\"{}-{parts}\"", hex(digest)),
            ETag::Text(text) => text.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_comes_back_as_it_was() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        let small = [format!("\"{md5}\""), format!("\"{md5}-17\""), format!("\"{:032x}\"", 1)];
        for text in &small {
            assert!(!matches!(ETag::of(text), ETag::Text(_)), "{text} is kept small");
        }
        let other = [
            md5.to_owned(),
            format!("\"{}\"", md5.to_uppercase()),
            format!("\"{md5}-017\""),
            format!("\"{md5}-\""),
            format!("\"{md5}0\""),
            format!("\"+{}\"", &md5[1..]),
            format!("W/\"{md5}\""),
            "\"\"".to_owned(),
            "\"".to_owned(),
            String::new(),
            "\"ünïcode ünïcode ünïcode ünïcode\"".to_owned(),
            "any".to_owned(),
        ];
        for text in small.iter().chain(&other) {
            assert_eq!(ETag::of(text).text(), *text);
        }
    }
}
