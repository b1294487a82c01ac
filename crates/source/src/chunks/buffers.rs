//! Buffers of objects that are read whole, used again and again: the system gives fresh memory page by page,
//! which costs as much as what is copied into it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Smaller ones are not worth keeping.
const SMALLEST: usize = 128 << 10;
/// So many bytes are kept at most for whoever reads next.
const KEPT: usize = 32 << 20;

static FREE: Mutex<Free> = Mutex::new(Free { buffers: Vec::new(), bytes: 0 });

/// Buffers that nobody uses.
struct Free {
    buffers: Vec<Vec<u8>>,
    /// What they have room for.
    bytes: usize,
}

impl Free {
    /// The last buffer that has the room.
    fn take(&mut self, room: usize) -> Option<Vec<u8>> {
        let place = self.buffers.iter().rposition(|buffer| buffer.capacity() >= room)?;
        let buffer = self.buffers.swap_remove(place);
        self.bytes -= buffer.capacity();
        Some(buffer)
    }

    fn give_back(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        if buffer.capacity() >= SMALLEST && self.bytes + buffer.capacity() <= KEPT {
            self.bytes += buffer.capacity();
            self.buffers.push(buffer);
        }
    }
}

/// An empty buffer with room for so many bytes.
pub(super) fn buffer(room: usize) -> Vec<u8> {
    let free = (room >= SMALLEST).then(|| with_free(|free| free.take(room))).flatten();
    free.unwrap_or_else(|| Vec::with_capacity(room))
}

/// What is in a buffer; it is used again when nobody holds that any more.
pub(super) fn bytes_of(buffer: Vec<u8>) -> Bytes {
    match buffer.capacity() >= SMALLEST {
        true => Bytes::from_owner(Lent(buffer)),
        false => Bytes::from(buffer),
    }
}

struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        with_free(|free| free.give_back(buffer));
    }
}

fn with_free<T>(work: impl FnOnce(&mut Free) -> T) -> T {
    // What is in there is whole at any time.
    work(&mut FREE.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> Free {
        Free { buffers: Vec::new(), bytes: 0 }
    }

    #[test]
    fn a_buffer_comes_back_empty_to_whoever_needs_no_more_room() {
        let mut free = free();
        free.give_back(vec![7; SMALLEST]);
        assert!(free.take(SMALLEST + 1).is_none());
        let again = free.take(SMALLEST).unwrap();
        assert!(again.is_empty() && again.capacity() >= SMALLEST);
        assert_eq!((free.buffers.len(), free.bytes), (0, 0));
    }

    #[test]
    fn few_bytes_are_kept_and_no_small_buffers() {
        let mut free = free();
        free.give_back(Vec::with_capacity(SMALLEST - 1));
        assert!(free.buffers.is_empty());
        for _ in 0..1000 {
            free.give_back(Vec::with_capacity(1 << 20));
        }
        assert!(free.bytes <= KEPT && free.buffers.len() >= 16);
    }

    #[test]
    fn what_is_held_is_not_written_over() {
        let mut one = buffer(SMALLEST);
        one.extend_from_slice(&[1; SMALLEST]);
        let one = bytes_of(one);
        let part = one.slice(10..20);
        drop(one);
        let mut other = buffer(SMALLEST);
        other.extend_from_slice(&[2; SMALLEST]);
        assert_eq!(&part[..], [1; 10]);
    }
}
