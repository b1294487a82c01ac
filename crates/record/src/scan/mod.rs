//! Finds the bytes that separate fields and lines. Chosen once at run time among the kernels; the
//! scalar one is the definition of right.

mod scalar;

/// Writes the offset of every separator in `block` to `offsets`, in order, replacing what was there.
/// Separators are space, tab, carriage return and line feed.
///
/// `block` must be shorter than 4 GiB, since offsets are 32 bits wide; the decoder cuts its input.
pub(crate) fn separators(block: &[u8], offsets: &mut Vec<u32>) {
    debug_assert!(u32::try_from(block.len()).is_ok());
    offsets.clear();
    scalar::separators(block, offsets);
}
