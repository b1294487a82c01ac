//! The portable kernel, an octet at a time.

use super::NOT_IPV4;

/// The longest text of an address.
const LONGEST: usize = 15;
/// Bytes that are looked at before an address.
const BEFORE: usize = 3;

/// How an octet of so many digits is compared. Read as a number of four bytes, the last of which is
/// cut off, and moved to the left by `unused` bits, it lies in a range of as many digits.
#[derive(Clone, Copy)]
struct Octet {
    unused: u32,
    least: u32,
    span: u32,
}

/// By digits; there are no octets of none or of more than three, and what is read then is no text.
static OCTETS: [Octet; 16] = {
    let mut octets = [Octet { unused: 0, least: u32::MAX, span: 0 }; 16];
    octets[1] = Octet::new(16, *b"0\0\0\0", *b"9\0\0\0");
    octets[2] = Octet::new(8, *b"10\0\0", *b"99\0\0");
    octets[3] = Octet::new(0, *b"100\0", *b"255\0");
    octets
};

impl Octet {
    const fn new(unused: u32, least: [u8; 4], most: [u8; 4]) -> Octet {
        let [least, most] = [u32::from_be_bytes(least), u32::from_be_bytes(most)];
        Octet { unused, least, span: most - least }
    }
}

pub(super) fn read(block: &[u8], [before, end]: [&[u32]; 2], read: &mut [u64]) {
    for ((before, end), read) in before.iter().zip(end).zip(read) {
        let start = before.wrapping_add(1) as usize;
        let length = (*end as usize).wrapping_sub(start);
        let around = block.get(start.wrapping_sub(BEFORE)..).and_then(|rest| rest.first_chunk());
        *read = around.map_or(NOT_IPV4, |around| number(around, length));
    }
}

/// The IPv4 address that the `length` bytes behind the first [`BEFORE`] are.
#[inline(always)]
fn number(around: &[u8; BEFORE + LONGEST + 1], length: usize) -> u64 {
    let mut others = others_of(around) | 1 << length.min(LONGEST);
    let mut begin = 0u32;
    let (mut end, mut dots, mut fits, mut number) = (0, 0, true, 0);
    for octet in 0..4 {
        end = others.trailing_zeros();
        others &= others.wrapping_sub(1);
        let place = end as usize & 15;
        let text = u32::from_be_bytes([0, 1, 2, 3].map(|byte| around[place + byte]));
        if octet < 3 {
            dots |= (text as u8) ^ b'.';
        }
        let digits = OCTETS[end.wrapping_sub(begin) as usize & 15];
        let text = (text & !0xff) << digits.unused;
        fits &= text.wrapping_sub(digits.least) <= digits.span;
        number = number << 8 | u64::from(octet_of(text >> digits.unused));
        begin = end.wrapping_add(1);
    }
    let good = (length <= LONGEST) & (end as usize == length) & (dots == 0) & fits;
    if good { number } else { NOT_IPV4 }
}

/// The number of up to three digits in the highest three bytes, with zero for what is no digit.
#[inline(always)]
fn octet_of(digits: u32) -> u32 {
    let digit = |shift: u32| digits >> shift & 15;
    100 * digit(24) + 10 * digit(16) + digit(8)
}

/// One bit for each byte of the address that is no digit, the lowest for the first.
#[inline(always)]
fn others_of(around: &[u8; BEFORE + LONGEST + 1]) -> u32 {
    let mut others = 0;
    for (bit, byte) in around[BEFORE..].iter().enumerate() {
        others |= u32::from(!byte.is_ascii_digit()) << bit;
    }
    others
}
