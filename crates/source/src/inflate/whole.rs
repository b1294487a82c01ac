//! A whole gzip object at once, which is twice as fast as piece by piece.

use std::ops::RangeInclusive;

use libdeflater::{Decompressor, crc32};
use memchr::memmem;

use super::header::{MAGIC, has_checksum};

/// What deflate makes of a byte at most.
const BEST_RATIO: usize = 1032;

/// Zero bytes that the size at the end of a member can have at its own end.
const SIZE_ZEROS: RangeInclusive<usize> = 0..=3;

/// Inflates gzip objects that are whole in memory, one after the other.
///
/// It answers only where all is well and simple: one member, its checksum and size right, nothing
/// but zero padding after it, its content not gzip once more. Anything else is left to the
/// [`Inflater`](super::Inflater), which is given the same bytes from the first one on, and tells
/// several members, damage and truncation apart. Where this one answers, that one gives the same
/// text and [`Ending::Complete`](super::Ending::Complete).
///
/// ```
/// use flowproof_source::WholeInflater;
///
/// # use std::io::Write;
/// # let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
/// # encoder.write_all(b"2 123456789012\n")?;
/// # let stored = encoder.finish()?;
/// let mut inflater = WholeInflater::new();
/// // Kept from object to object: it grows to the largest and is never filled with zeros again.
/// let mut text = Vec::new();
/// let length = inflater.inflate(&stored, &mut text, 16 << 20);
/// assert_eq!(length, Some(15));
/// assert_eq!(&text[..15], b"2 123456789012\n");
/// assert_eq!(inflater.inflate(&stored[..20], &mut text, 16 << 20), None);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct WholeInflater {
    decompressor: Decompressor,
}

impl std::fmt::Debug for WholeInflater {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WholeInflater").finish_non_exhaustive()
    }
}

impl Default for WholeInflater {
    fn default() -> WholeInflater {
        WholeInflater::new()
    }
}

impl WholeInflater {
    /// Ready for any number of objects.
    #[must_use]
    pub fn new() -> WholeInflater {
        WholeInflater { decompressor: Decompressor::new() }
    }

    /// Inflates the object `stored` into the first bytes of `text` and returns how many these are,
    /// one at least; or `None` if the object must be read by an [`Inflater`](super::Inflater), as
    /// any is that has more than `limit` bytes of content.
    ///
    /// `text` is lengthened where it is too short, and never shortened; what it holds beyond the
    /// content, and all that it holds after `None`, has no meaning. It never gets longer than
    /// `limit` by this.
    pub fn inflate(&mut self, stored: &[u8], text: &mut Vec<u8>, limit: usize) -> Option<usize> {
        let size = told_size(stored, limit)?;
        if text.len() < size {
            // New memory comes zeroed from the system; the old content is not worth copying.
            *text = Vec::new();
            *text = vec![0; size.saturating_add(size / 4).min(limit)];
        }
        let made = self.decompressor.gzip_decompress(stored, &mut text[..size]).ok()?;
        let content = &text[..made];
        // One byte of gzip's magic is enough to leave the question to the other.
        let is_text = content.first().is_some_and(|first| *first != MAGIC[0]);
        (is_text && ends_with_member(stored, content)).then_some(made)
    }
}

/// How much content the object's end tells, if that can be and is within the limit.
fn told_size(stored: &[u8], limit: usize) -> Option<usize> {
    // The library passes over a header's own checksum, which must be looked at.
    if !stored.starts_with(&MAGIC) || has_checksum(stored) {
        return None;
    }
    let end = end_of_bytes(stored);
    let zeros = stored.len() - end;
    // With more zeros than a size can end in, some are padding, and where it ends is not known
    // before its content is; any that is plausible does, since it need only be large enough.
    let zeros = if SIZE_ZEROS.contains(&zeros) { zeros..=zeros } else { SIZE_ZEROS };
    let most = end.saturating_mul(BEST_RATIO).min(limit);
    // What does not compress gets longer by five bytes in some tens of KiB, and by a header with
    // the names in it. An object that is much longer than its content has several members.
    let least = |size: usize| end <= size + size / 64 + 4096;
    let sizes = zeros.filter_map(|zeros| size_at(stored, end + zeros));
    sizes.filter(|size| (1..=most).contains(size) && least(*size)).max()
}

/// Where the zeros begin in which `stored` ends.
fn end_of_bytes(stored: &[u8]) -> usize {
    stored.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// The size that a member tells which ends before `end`.
fn size_at(stored: &[u8], end: usize) -> Option<usize> {
    let size = stored.get(end.checked_sub(4)?..end)?;
    usize::try_from(u32::from_le_bytes(size.try_into().ok()?)).ok()
}

/// Whether the first member, which has this content, is followed by nothing but zeros.
///
/// The library has found the content's checksum and size somewhere in `stored`, and it does not say
/// where. If the size occurs nowhere but at the end, that was the end; if it does, which is rare,
/// the checksum is looked for too.
fn ends_with_member(stored: &[u8], content: &[u8]) -> bool {
    let Ok(size) = u32::try_from(content.len()) else { return false };
    let end = end_of_bytes(stored) + (size.leading_zeros() / 8) as usize;
    if size_at(stored, end) != Some(content.len()) {
        return false;
    }
    let size = size.to_le_bytes();
    // One byte less, so that the last one is not found.
    let before = &stored[..end - 1];
    if memmem::find(before, &size).is_none() {
        return true;
    }
    let [a, b, c, d] = crc32(content).to_le_bytes();
    let [e, f, g, h] = size;
    let trailer = [a, b, c, d, e, f, g, h];
    stored[..end].ends_with(&trailer) && memmem::find(before, &trailer).is_none()
}
