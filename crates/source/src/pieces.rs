//! Bytes in the pieces that a connection brought them in.

use bytes::{Bytes, BytesMut};

/// A piece of at least this many bytes is kept as it came. What brought a smaller one may hold on to
/// many times as much memory (an HTTP client reads into buffers of up to 400 KiB), so it is copied.
const LARGE: usize = 64 * 1024;

/// Bytes in the pieces that they came in.
///
/// Whoever needs them in one piece joins them where that costs least: on the thread that works on
/// them, into memory that is still in its cache.
///
/// ```
/// use bytes::{Bytes, BytesMut};
/// use flowproof_source::Pieces;
///
/// let pieces = Pieces::from(Bytes::from_static(b"2 123456789012"));
/// assert_eq!(pieces.len(), 14);
/// // Kept from object to object.
/// let mut buffer = BytesMut::new();
/// assert_eq!(pieces.join(&mut buffer), b"2 123456789012"[..]);
/// ```
#[derive(Debug, Default)]
pub struct Pieces {
    pieces: Vec<Bytes>,
    /// Small pieces one after the other, which come after the others.
    tail: BytesMut,
    length: usize,
    /// How many bytes there may be in the end. Only sizes the tail.
    expected: usize,
}

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Pieces {
        Pieces { length: bytes.len(), pieces: vec![bytes], ..Pieces::default() }
    }
}

impl Pieces {
    /// None yet. `expected` bytes will come, as far as is known.
    pub(crate) fn expecting(expected: usize) -> Pieces {
        Pieces { expected, ..Pieces::default() }
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: Bytes) {
        if piece.len() >= LARGE {
            self.end_tail();
            self.length += piece.len();
            self.pieces.push(piece);
            return;
        }
        if self.tail.capacity() == 0 && !piece.is_empty() {
            self.tail.reserve(self.expected.saturating_sub(self.length));
        }
        self.length += piece.len();
        self.tail.extend_from_slice(&piece);
    }

    /// Makes a piece of the small ones. What room is left stays for others.
    fn end_tail(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push(self.tail.split().freeze());
        }
    }

    /// The first of the bytes, some at least if there are any.
    pub(crate) fn first(&self) -> &[u8] {
        self.pieces.first().map_or(&self.tail[..], |piece| &piece[..])
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// All bytes in one piece. If they are not yet, they are copied into the memory of `buffer`, whose
    /// content goes; it can be used again for others once what is returned was dropped.
    #[must_use]
    pub fn join(mut self, buffer: &mut BytesMut) -> Bytes {
        self.end_tail();
        if self.pieces.len() <= 1 {
            return self.pieces.pop().unwrap_or_default();
        }
        buffer.clear();
        buffer.reserve(self.length);
        // Each is dropped at once: its memory can then be used for what comes next.
        for piece in self.pieces {
            buffer.extend_from_slice(&piece);
        }
        buffer.split().freeze()
    }

    /// All bytes in one piece, in memory of their own.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.join(&mut BytesMut::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many bytes that differ.
    fn bytes(length: usize) -> Bytes {
        (0..length).map(|i| (i % 251) as u8).collect()
    }

    /// These bytes, cut into pieces of these lengths and a last one.
    fn cut(mut bytes: Bytes, lengths: &[usize]) -> Pieces {
        let mut pieces = Pieces::expecting(bytes.len());
        for length in lengths {
            pieces.push(bytes.split_to(*length));
        }
        pieces.push(bytes);
        pieces
    }

    #[test]
    fn any_cutting_gives_the_same_bytes() {
        let all = bytes(5 * LARGE);
        let (one, many) = (LARGE, vec![1000; 300]);
        let cuts: [&[usize]; 7] = [
            &[],
            &[0, 1, 1],
            &[one; 5],
            &[1, one, 1, one, 1],
            &[one - 1; 4],
            &[one, 5, one],
            &many,
        ];
        for lengths in cuts {
            let pieces = cut(all.clone(), lengths);
            assert_eq!((pieces.len(), pieces.is_empty()), (all.len(), false));
            assert!(all.starts_with(pieces.first()) && !pieces.first().is_empty(), "{lengths:?}");
            assert!(pieces.into_bytes() == all, "{lengths:?}");
        }
        assert!(Pieces::default().is_empty() && Pieces::default().into_bytes().is_empty());
    }

    #[test]
    fn a_large_piece_is_kept_and_a_small_one_does_not_hold_the_memory_it_came_in() {
        let came = bytes(4 * LARGE);
        let kept = |piece: Bytes| {
            let place = piece.as_ptr();
            cut(piece, &[]).into_bytes().as_ptr() == place
        };
        assert!(kept(came.slice(..LARGE)));
        assert!(!kept(came.slice(..LARGE - 1)));
    }

    #[test]
    fn small_pieces_are_copied_once() {
        let mut pieces = Pieces::expecting(1_000_000);
        for _ in 0..1000 {
            pieces.push(bytes(1000));
        }
        let place = pieces.first().as_ptr();
        assert_eq!(pieces.into_bytes().as_ptr(), place, "there was room for all of them");
    }

    #[test]
    fn the_memory_of_a_buffer_is_used_again() {
        let all = bytes(4 * LARGE);
        let mut buffer = BytesMut::new();
        let first = cut(all.clone(), &[2 * LARGE]).join(&mut buffer);
        let place = first.as_ptr();
        drop(first);
        for lengths in [[2 * LARGE], [3 * LARGE]] {
            let next = cut(all.clone(), &lengths).join(&mut buffer);
            assert!(next == all && next.as_ptr() == place);
        }
        // What is still held is not written over.
        let held = cut(all.clone(), &[2 * LARGE]).join(&mut buffer);
        let other = cut(bytes(3 * LARGE), &[LARGE]).join(&mut buffer);
        assert!(held == all && other == all[..3 * LARGE]);
    }
}
