//! A column of texts under construction.
#![allow(unsafe_code)] // One call, in `finish`; its safe twin is the checking constructor beside it.

use std::sync::Arc;

use arrow::array::{ArrayRef, NullBufferBuilder, StringViewArray};
use arrow::buffer::{Buffer, ScalarBuffer};

/// Texts up to this length lie in the view itself.
const INLINE: usize = 12;
/// A buffer is closed when it is longer: offsets into it are 32 bits wide.
const BUFFER: usize = 1 << 30;
/// The high bit of each of the twelve bytes in a view.
const NOT_ASCII: u128 = 0x8080_8080_8080_8080_8080_8080_0000_0000;

/// Builds a `Utf8View` column. A text that is the same as the one before shares its bytes: flow logs
/// come in runs of one interface, one account, one VPC.
#[derive(Debug)]
pub(super) struct Texts {
    views: Vec<u128>,
    nulls: NullBufferBuilder,
    /// Full buffers, and the one that is being filled.
    full: Vec<Buffer>,
    buffer: Vec<u8>,
    /// The view of the last text that was put into `buffer`, and where that is.
    last: (u128, std::ops::Range<usize>),
    /// Whether all bytes so far are ASCII.
    ascii: bool,
}

impl Texts {
    pub(super) fn new(rows: usize) -> Texts {
        Texts {
            views: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
            full: Vec::new(),
            buffer: Vec::new(),
            last: (0, 0..0),
            ascii: true,
        }
    }

    pub(super) fn push_null(&mut self) {
        self.views.push(0);
        self.nulls.append_null();
    }

    pub(super) fn push_nulls(&mut self, rows: usize) {
        self.views.resize(self.views.len() + rows, 0);
        self.nulls.append_n_nulls(rows);
    }

    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        let view = if text.len() <= INLINE { self.inline(text) } else { self.buffered(text) };
        self.views.push(view);
        self.nulls.append_non_null();
    }

    #[inline]
    fn inline(&mut self, text: &[u8]) -> u128 {
        let mut bytes = [0; 16];
        bytes[0] = text.len() as u8; // At most 12.
        bytes[4..4 + text.len()].copy_from_slice(text);
        let view = u128::from_le_bytes(bytes);
        self.ascii &= view & NOT_ASCII == 0;
        view
    }

    #[inline]
    fn buffered(&mut self, text: &[u8]) -> u128 {
        if self.buffer[self.last.1.clone()] == *text {
            return self.last.0;
        }
        self.append(text)
    }

    fn append(&mut self, text: &[u8]) -> u128 {
        if self.buffer.len() >= BUFFER {
            self.full.push(std::mem::take(&mut self.buffer).into());
        }
        self.ascii &= text.is_ascii();
        let start = self.buffer.len();
        self.buffer.extend_from_slice(text);
        let prefix = text.first_chunk().map_or(0, |prefix| u32::from_le_bytes(*prefix));
        // Lines are at most 64 KiB long, and buffers little more than 1 GiB.
        let view = text.len() as u128
            | u128::from(prefix) << 32
            | (self.full.len() as u128) << 64
            | (start as u128) << 96;
        self.last = (view, start..self.buffer.len());
        view
    }

    /// The finished column; the builder starts anew.
    pub(super) fn finish(&mut self) -> ArrayRef {
        let rows = self.views.len();
        let views = std::mem::replace(&mut self.views, Vec::with_capacity(rows));
        let mut buffers = std::mem::take(&mut self.full);
        if !self.buffer.is_empty() {
            let next = Vec::with_capacity(self.buffer.len());
            buffers.push(std::mem::replace(&mut self.buffer, next).into());
        }
        let nulls = self.nulls.finish();
        self.last = (0, 0..0);
        let (views, buffers) = (ScalarBuffer::from(views), Arc::from(buffers));
        if std::mem::replace(&mut self.ascii, true) {
            // SAFETY: every view was made by `inline` or `append`, which put the text's length and
            // bytes, or its length, first bytes and place in a buffer that only grew since; and all
            // of the bytes are ASCII, so that each text is UTF-8.
            return Arc::new(unsafe { StringViewArray::new_unchecked(views, buffers, nulls) });
        }
        let checked = StringViewArray::try_new(views, buffers, nulls);
        Arc::new(checked.expect("lines that are not UTF-8 were refused, and tokens end at ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray, StringViewBuilder};
    use proptest::prelude::*;

    fn columns(texts: &[Option<String>], builder: &mut Texts) -> (ArrayRef, ArrayRef) {
        let mut twin = StringViewBuilder::new();
        for text in texts {
            match text {
                Some(text) => builder.push(text.as_bytes()),
                None => builder.push_null(),
            }
            twin.append_option(text.as_deref());
        }
        (builder.finish(), Arc::new(twin.finish()))
    }

    proptest! {
        #[test]
        fn columns_are_those_of_arrows_own_builder(
            batches in prop::collection::vec(
                prop::collection::vec(prop::option::of("[a-c]{0,3}|[a-b]{12,14}|\\PC{0,20}"), 0..40),
                1..4,
            ),
        ) {
            let mut builder = Texts::new(4);
            for texts in &batches {
                let (ours, twin) = columns(texts, &mut builder);
                prop_assert_eq!(&ours, &twin);
                ours.to_data().validate_full().unwrap();
            }
        }
    }

    #[test]
    fn a_text_that_comes_again_at_once_is_stored_once() {
        let mut builder = Texts::new(4);
        let texts = ["eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60002"];
        let (ours, _) = columns(&texts.map(|text| Some(text.to_owned())), &mut builder);
        assert_eq!(ours.as_string_view().data_buffers()[0].len(), 2 * texts[0].len());
    }

    #[test]
    fn nulls_can_be_pushed_in_number() {
        let mut builder = Texts::new(4);
        builder.push_nulls(3);
        builder.push(b"x");
        let column = builder.finish();
        assert_eq!((column.len(), column.null_count()), (4, 3));
    }
}
