//! Answers remembered by views. A view tells its text, or where that is in the buffers of one column:
//! flow logs name the same few things over and over.

/// What was answered about each of the views seen last. Of no use beyond one column.
pub(super) struct ByView<T> {
    slots: Vec<(u128, T)>,
}

impl<T: Copy + Default> ByView<T> {
    const SLOTS: usize = 1 << 10;
    /// No view: it would be of a text of 2^32 - 1 bytes.
    const NONE: u128 = u128::MAX;

    pub(super) fn new() -> ByView<T> {
        ByView { slots: vec![(Self::NONE, T::default()); Self::SLOTS] }
    }

    fn slot(&mut self, view: u128) -> &mut (u128, T) {
        let mixed = (view as u64 ^ (view >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.slots[(mixed >> (64 - Self::SLOTS.trailing_zeros())) as usize]
    }

    /// The remembered answer, or what `ask` says.
    #[inline]
    pub(super) fn get(&mut self, view: u128, ask: impl FnOnce() -> T) -> T {
        let slot = self.slot(view);
        if slot.0 != view {
            *slot = (view, ask());
        }
        slot.1
    }

    /// Whether the view was remembered by [`ByView::remember`].
    #[inline]
    pub(super) fn knows(&mut self, view: u128) -> bool {
        self.slot(view).0 == view
    }

    pub(super) fn remember(&mut self, view: u128) {
        *self.slot(view) = (view, T::default());
    }
}

/// The view of a short text.
pub(super) const fn view_of(text: &[u8]) -> u128 {
    assert!(text.len() <= 12);
    let mut bytes = [0; 16];
    bytes[0] = text.len() as u8; // At most 12.
    let mut place = 0;
    while place < text.len() {
        bytes[4 + place] = text[place];
        place += 1;
    }
    u128::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringViewArray;

    #[test]
    fn the_view_of_a_short_text_is_arrows_own() {
        for text in ["", "OK", "NODATA", "203.0.113.90"] {
            let array = StringViewArray::from(vec![text]);
            assert_eq!(array.views()[0], view_of(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_was_answered_is_not_asked_again_and_never_taken_for_another() {
        let mut answers = ByView::new();
        let mut asked = 0;
        for round in 0..3u128 {
            for view in 0..200u128 {
                let answer = answers.get(view << 40 | 7, || {
                    asked += 1;
                    view % 3 == 0
                });
                assert_eq!(answer, view % 3 == 0, "{round}");
            }
        }
        assert!(asked < 400, "{asked}");
        assert!(!answers.knows(12345));
        answers.remember(12345);
        assert!(answers.knows(12345));
    }
}
