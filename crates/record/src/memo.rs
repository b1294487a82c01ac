//! Answers remembered by the text they are about. Flow logs name the same few addresses over and over.

/// Slots for texts of at most [`SHORT`] bytes: 24 bytes each, so that all of them stay in the
/// second-level cache.
const SLOTS: usize = 1 << 13;
/// Slots for longer texts.
const LONG_SLOTS: usize = 1 << 12;
/// Every IPv4 address is as short, and some IPv6 ones.
const SHORT: usize = 15;
/// Longer texts are not remembered. It is every spelling of an IPv6 address but the mixed ones.
const LONGEST: usize = 39;
/// The words that hold as many bytes.
const WORDS: usize = LONGEST.div_ceil(8);
/// Odd numbers without a pattern, one for each word.
const FACTORS: [u64; WORDS] = [
    0x9e37_79b9_7f4a_7c15,
    0xbf58_476d_1ce4_e5b9,
    0x94d0_49bb_1331_11eb,
    0xd6e8_feb8_6659_fd93,
    0xa076_1d64_78bd_642f,
];

/// Remembers what was said of each of the texts seen last.
#[derive(Debug)]
pub(crate) struct Memo<A> {
    /// Empty until there is something to remember.
    short: Vec<Slot<2, A>>,
    long: Vec<Slot<WORDS, A>>,
}

/// The words of a text, its length and the answer: no two texts have the same words and length. An
/// empty slot is that of the empty text, which is never remembered.
#[derive(Debug, Clone, Copy)]
struct Slot<const N: usize, A> {
    words: [u64; N],
    length: u8,
    answer: A,
}

impl<A> Default for Memo<A> {
    fn default() -> Memo<A> {
        Memo { short: Vec::new(), long: Vec::new() }
    }
}

impl<A: Copy + Default> Memo<A> {
    /// The remembered answer about the text, or what `ask` says.
    #[inline(always)]
    pub(crate) fn ask(&mut self, text: &[u8], ask: impl FnOnce(&[u8]) -> A) -> A {
        match text.len() {
            8..=SHORT => look(&mut self.short, SLOTS, text, [first(text), last(text)], ask),
            1..=LONGEST => self.ask_other(text, ask),
            _ => ask(text),
        }
    }

    /// The same about texts that are shorter or longer than most.
    #[inline(never)]
    fn ask_other(&mut self, text: &[u8], ask: impl FnOnce(&[u8]) -> A) -> A {
        if text.len() < 8 {
            let mut word = [0; 8];
            word[..text.len()].copy_from_slice(text);
            return look(&mut self.short, SLOTS, text, [u64::from_le_bytes(word), 0], ask);
        }
        // All bytes, some of them more than once.
        let at = |place: usize| first(&text[place..]);
        let end = text.len();
        let words = [at(0), at(8), at((end - 8).min(16)), at(end - 16), at(end - 8)];
        look(&mut self.long, LONG_SLOTS, text, words, ask)
    }
}

#[inline(always)]
fn look<const N: usize, A: Copy + Default>(
    slots: &mut Vec<Slot<N, A>>,
    count: usize,
    text: &[u8],
    words: [u64; N],
    ask: impl FnOnce(&[u8]) -> A,
) -> A {
    let length = text.len() as u8; // At most LONGEST.
    let mut mixed = u64::from(length);
    for (word, factor) in words.iter().zip(FACTORS) {
        mixed = mixed.wrapping_add((word ^ word >> 32).wrapping_mul(factor));
    }
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(FACTORS[0]);
    let place = (mixed >> (64 - count.ilog2())) as usize;
    if slots.is_empty() {
        let nothing = Slot { words: [0; N], length: 0, answer: A::default() };
        slots.resize(count, nothing);
    }
    let slot = &mut slots[place];
    let same = slot.words.iter().zip(&words).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0;
    if !same || slot.length != length {
        *slot = Slot { words, length, answer: ask(text) };
    }
    slot.answer
}

#[inline(always)]
fn first(text: &[u8]) -> u64 {
    text.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[inline(always)]
fn last(text: &[u8]) -> u64 {
    text.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_memo_gives_the_answer_for_the_text_asked_about(
            texts in prop::collection::vec(
                "[0-9.]{1,15}|[0-9a-c:]{1,50}|\\x00{0,45}|a{0,45}", 1..200,
            ),
        ) {
            // So few slots, that texts meet in them.
            let (mut memo, mut short, mut long) = (Memo::default(), Vec::new(), Vec::new());
            let add = |sum: u64, byte: &u8| sum.wrapping_mul(31) ^ u64::from(*byte);
            let truth = |text: &[u8]| text.iter().fold(0, add);
            for text in texts.iter().map(String::as_bytes) {
                prop_assert_eq!(memo.ask(text, truth), truth(text));
                if (8..=SHORT).contains(&text.len()) {
                    let answer = look(&mut short, 4, text, [first(text), last(text)], truth);
                    prop_assert_eq!(answer, truth(text));
                }
                if (16..=24).contains(&text.len()) {
                    let middle = first(&text[8..]);
                    let words = [first(text), middle, last(text)];
                    prop_assert_eq!(look(&mut long, 4, text, words, truth), truth(text));
                }
            }
        }
    }

    #[test]
    fn zero_bytes_make_another_text() {
        let mut memo = Memo::default();
        let length = |text: &[u8]| text.len();
        for _ in 0..2 {
            for text in [&b"\0"[..], b"\0\0", b"", b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\0\0"] {
                assert_eq!(memo.ask(text, length), text.len());
            }
        }
    }
}
