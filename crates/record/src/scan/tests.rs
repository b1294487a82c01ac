use proptest::prelude::*;

use super::words::word_at;
use super::{Index, Kernel};

/// What an index must hold, byte by byte.
fn naive(block: &[u8]) -> (Vec<u32>, Vec<u32>, bool) {
    let is_separator = |byte: u8| b" \t\r\n".contains(&byte);
    let (mut offsets, mut line_ends, mut plain) = (vec![u32::MAX], Vec::new(), true);
    let mut before = true;
    for (at, &byte) in block.iter().enumerate() {
        let separator = is_separator(byte);
        if separator {
            if byte == b'\n' {
                line_ends.push(offsets.len() as u32);
            }
            offsets.push(at as u32);
        }
        plain &= byte.is_ascii() && !(separator && before);
        before = separator;
    }
    (offsets, line_ends, plain)
}

fn indexed(kernel: Kernel, block: &[u8], index: &mut Index) -> (Vec<u32>, Vec<u32>, bool) {
    kernel.index(block, index);
    (index.offsets().to_vec(), index.line_ends().to_vec(), index.is_plain())
}

fn blocks() -> impl Strategy<Value = Vec<u8>> {
    let dense = prop_oneof![Just(b' '), Just(b'\n'), Just(b'\t'), Just(b'\r'), any::<u8>()];
    let sparse = prop_oneof![1 => Just(b' '), 1 => Just(b'\n'), 20 => b'0'..b'z'];
    prop_oneof![
        prop::collection::vec(dense, 0..300),
        prop::collection::vec(sparse, 0..2000),
        prop::collection::vec(Just(b'\n'), 0..300),
    ]
}

proptest! {
    #[test]
    fn every_kernel_finds_what_a_look_at_each_byte_finds(blocks in prop::collection::vec(blocks(), 1..4)) {
        for kernel in Kernel::available() {
            let mut index = Index::default();
            for block in &blocks {
                prop_assert_eq!(indexed(kernel, block, &mut index), naive(block), "{:?}", kernel);
                for start in 0..block.len() {
                    let others = word_at(index.others(), start as u32 / 8) >> (start % 8);
                    let rest = block[start..].iter().take(Index::OTHERS).enumerate();
                    for (bit, byte) in rest {
                        prop_assert_eq!(others >> bit & 1 == 1, !byte.is_ascii_digit(), "{:?}", kernel);
                    }
                }
            }
        }
    }
}

/// Whether each line has so many tokens, none of them empty, is ASCII and begins well.
fn even(block: &[u8], width: usize) -> Option<u64> {
    let mut lines: Vec<&[u8]> = block.split(|byte| *byte == b'\n').collect();
    let behind = lines.pop();
    let is_even = |line: &&[u8]| {
        let tokens: Vec<_> = line.split(|byte| b" \t\r".contains(byte)).collect();
        let begins = line.first().is_some_and(u8::is_ascii_digit);
        let full = tokens.iter().all(|token| !token.is_empty());
        line.is_ascii() && tokens.len() == width && full && begins
    };
    let whole = behind.is_none_or(<[u8]>::is_empty);
    (whole && lines.iter().all(is_even)).then_some(lines.len() as u64)
}

proptest! {
    #[test]
    fn every_kernel_counts_even_lines_as_a_look_at_each_line_does(
        tokens in prop::collection::vec("[0-9-][a-c]{0,30}|[0-9]{80}", 1..5),
        lines in 0usize..40, odd in prop::option::of((0usize..4000, any::<u8>())),
        other in "[ \t\n\ra-c0-2]{0,60}",
    ) {
        let width = tokens.len();
        let mut block = format!("{}\n", tokens.join(" ")).repeat(lines).into_bytes();
        if let Some((at, byte)) = odd && at < block.len() {
            block[at] = byte;
        }
        for kernel in Kernel::available() {
            for block in [&block[..], other.as_bytes()] {
                let counted = kernel.count_even(block, width);
                prop_assert_eq!(counted, even(block, width), "{:?}", kernel);
            }
        }
    }
}

#[test]
fn a_record_has_its_tokens_between_the_offsets() {
    let block = b"2 123456789012 eni-1\n2 - -\n";
    for kernel in Kernel::available() {
        let mut index = Index::default();
        kernel.index(block, &mut index);
        let tokens: Vec<&[u8]> = index
            .offsets()
            .windows(2)
            .map(|pair| &block[pair[0].wrapping_add(1) as usize..pair[1] as usize])
            .collect();
        let expected: [&[u8]; 6] = [b"2", b"123456789012", b"eni-1", b"2", b"-", b"-"];
        assert_eq!(tokens, expected);
        assert_eq!(index.line_ends(), [3, 6]);
        assert!(index.is_plain());
    }
}
