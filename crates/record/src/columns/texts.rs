//! A column of texts under construction.
#![allow(unsafe_code)] // One call, in `finish`; its safe twin is the checking constructor beside it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, NullBufferBuilder, StringViewArray};
use arrow::buffer::{Buffer, ScalarBuffer};

/// Texts up to this length lie in the view itself.
const INLINE: usize = 12;
/// Texts up to this length are copied in one go, whatever their length.
const SHORT: usize = 16;
/// Texts up to this length are copied in two.
const MIDDLING: usize = 32;
/// A buffer is closed when it is longer: offsets into it are 32 bits wide.
const BUFFER: usize = 1 << 30;

/// By length: which of 16 bytes belong to a short text. Beyond 16, nothing is asked.
static MASKS: [u128; 32] = {
    let mut masks = [u128::MAX; 32];
    let mut length = 0;
    while length < SHORT {
        masks[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    masks
};

/// Builds a `Utf8View` column. A longer text that is the same as the one before shares its bytes: flow
/// logs come in runs of one interface, one account, one VPC.
#[derive(Debug)]
pub(super) struct Texts {
    views: Vec<u128>,
    nulls: NullBufferBuilder,
    /// Full buffers, and the one that is being filled; it is longer than what is used.
    full: Vec<Buffer>,
    buffer: Vec<u8>,
    used: usize,
    /// The view of the last text that was put into `buffer`, and where that is.
    last: (u128, Range<usize>),
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
            used: 0,
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

    pub(super) fn push(&mut self, text: &[u8]) {
        self.ascii &= text.is_ascii();
        let view = if text.len() <= INLINE { inline(text) } else { self.buffered(text) };
        self.views.push(view);
        self.nulls.append_non_null();
    }

    /// Pushes tokens of a block, given by where they are in it; `-` becomes NULL. `is_ascii` tells
    /// whether all of the block is known to be ASCII.
    #[inline(always)]
    pub(super) fn extend(
        &mut self,
        block: &[u8],
        is_ascii: bool,
        tokens: impl ExactSizeIterator<Item = (u32, u32)>,
    ) {
        self.ascii &= is_ascii;
        let rows = tokens.len();
        self.views.reserve(rows);
        self.make_room(rows * SHORT);
        let mut pushed = 0;
        for (start, end) in tokens {
            let length = end.wrapping_sub(start) as usize;
            let bytes = block.get(start as usize..).and_then(|rest| rest.first_chunk());
            let view = match bytes {
                Some(bytes) if length <= SHORT => self.short(bytes, length),
                _ => {
                    let text = block.get(start as usize..end as usize).unwrap_or_default();
                    if text.len() <= INLINE { inline(text) } else { self.buffered(text) }
                }
            };
            if view == DASH {
                self.nulls.append_n_non_nulls(std::mem::take(&mut pushed));
                self.push_null();
            } else {
                self.views.push(view);
                pushed += 1;
            }
        }
        self.nulls.append_n_non_nulls(pushed);
    }

    /// The view of the text in the first `length` bytes. Without a branch: whether an address fits in
    /// its view cannot be guessed.
    #[inline(always)]
    fn short(&mut self, bytes: &[u8; SHORT], length: usize) -> u128 {
        let text = u128::from_le_bytes(*bytes) & MASKS[length % MASKS.len()];
        let inline = length as u128 | text << 32;
        // If the text fits in the view, the next is written over it.
        match self.buffer.get_mut(self.used..).and_then(|rest| rest.first_chunk_mut()) {
            Some(room) => *room = *bytes,
            None => {
                // Longer texts took the room that was made.
                self.grow(SHORT);
                self.buffer[self.used..][..SHORT].copy_from_slice(bytes);
            }
        }
        let elsewhere = self.full.len() as u64 | (self.used as u64) << 32;
        let is_inline = length <= INLINE;
        let high = if is_inline { (inline >> 64) as u64 } else { elsewhere };
        self.used += if is_inline { 0 } else { length };
        u128::from(inline as u64) | u128::from(high) << 64
    }

    /// The view of a text that does not fit in one.
    #[inline(always)]
    fn buffered(&mut self, text: &[u8]) -> u128 {
        if is_same(&self.buffer[self.last.1.clone()], text) {
            return self.last.0;
        }
        self.make_room(text.len());
        let start = self.used;
        let room = &mut self.buffer[start..start + text.len()];
        match (text.first_chunk::<SHORT>(), text.last_chunk::<SHORT>()) {
            (Some(first), Some(last)) if text.len() <= MIDDLING => {
                let end = room.len() - SHORT;
                room[..SHORT].copy_from_slice(first);
                room[end..].copy_from_slice(last);
            }
            _ => room.copy_from_slice(text),
        }
        self.used += text.len();
        let prefix = text.first_chunk().map_or(0, |prefix| u32::from_le_bytes(*prefix));
        // Lines are at most 64 KiB long, and buffers little more than 1 GiB.
        let view = text.len() as u128
            | u128::from(prefix) << 32
            | (self.full.len() as u128) << 64
            | (start as u128) << 96;
        self.last = (view, start..self.used);
        view
    }

    /// Makes room for so many bytes, and for as many as one go writes.
    #[inline(always)]
    fn make_room(&mut self, bytes: usize) {
        if self.buffer.len() - self.used < bytes + SHORT {
            self.grow(bytes + SHORT);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: usize) {
        if self.used >= BUFFER {
            self.close();
        }
        let least = self.used + bytes;
        self.buffer.resize(least.max(2 * self.buffer.len()), 0);
    }

    fn close(&mut self) {
        self.buffer.truncate(self.used);
        self.full.push(std::mem::take(&mut self.buffer).into());
        self.used = 0;
        self.last = (0, 0..0);
    }

    /// The finished column; the builder starts anew.
    pub(super) fn finish(&mut self) -> ArrayRef {
        let rows = self.views.len();
        let views = std::mem::replace(&mut self.views, Vec::with_capacity(rows));
        if self.used > 0 {
            let next = self.buffer.len();
            self.close();
            self.buffer.resize(next, 0);
        }
        let buffers = std::mem::take(&mut self.full);
        let nulls = self.nulls.finish();
        let (views, buffers) = (ScalarBuffer::from(views), Arc::from(buffers));
        if std::mem::replace(&mut self.ascii, true) {
            // SAFETY: every view was made by `inline`, `short` or `buffered`, which put the text's
            // length and bytes, or its length, first bytes and place in a buffer that only grew
            // since; and all of the bytes are ASCII, so that each text is UTF-8.
            return Arc::new(unsafe { StringViewArray::new_unchecked(views, buffers, nulls) });
        }
        let checked = StringViewArray::try_new(views, buffers, nulls);
        Arc::new(checked.expect("lines that are not UTF-8 were refused, and tokens end at ASCII"))
    }
}

/// The view of `-`.
const DASH: u128 = 1 | (b'-' as u128) << 32;

/// The view of a text that fits in one.
#[inline]
fn inline(text: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes[0] = text.len() as u8; // At most 12.
    bytes[4..4 + text.len()].copy_from_slice(text);
    u128::from_le_bytes(bytes)
}

/// Whether two texts are the same, without a call where they are neither short nor long.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() || b.len() > MIDDLING {
        return a == b;
    }
    match (b.first_chunk::<SHORT>(), b.last_chunk::<SHORT>()) {
        (Some(first), Some(last)) => a.first_chunk() == Some(first) && a.last_chunk() == Some(last),
        _ => a == b,
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

    /// Tokens of a block, some of them pushed one by one and the rest by their places.
    fn extended(texts: &[String], builder: &mut Texts) -> ArrayRef {
        let (one_by_one, rest) = texts.split_at(texts.len() / 3);
        for text in one_by_one {
            match text.as_str() {
                "-" => builder.push_null(),
                text => builder.push(text.as_bytes()),
            }
        }
        let block = rest.join(" ");
        let mut start = 0;
        let tokens: Vec<_> = rest
            .iter()
            .map(|text| {
                let token = (start, start + text.len() as u32);
                start = token.1 + 1;
                token
            })
            .collect();
        builder.extend(block.as_bytes(), block.is_ascii(), tokens.into_iter());
        builder.finish()
    }

    proptest! {
        #[test]
        fn tokens_pushed_by_their_places_are_those_pushed_one_by_one(
            batches in prop::collection::vec(
                prop::collection::vec("-|[a-c]{1,3}|[a-b]{11,18}|a{30,35}|[!-~]{1,90}", 0..40),
                1..4,
            ),
        ) {
            let mut builder = Texts::new(4);
            for texts in &batches {
                let ours = extended(texts, &mut builder);
                let twin = texts.iter().map(|text| (text != "-").then_some(text.as_str()));
                let twin: ArrayRef = Arc::new(StringViewArray::from_iter(twin));
                prop_assert_eq!(&ours, &twin);
                ours.to_data().validate_full().unwrap();
            }
        }
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
