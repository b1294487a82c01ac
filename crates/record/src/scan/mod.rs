//! What is done many bytes at a time: finding the bytes that separate fields and lines, and looking at
//! the tokens between them. The kernel is chosen once at run time; the scalar one is the definition of
//! right.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod even;
mod index;
pub(crate) mod ipv4;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
pub(crate) mod words;

#[cfg(test)]
mod tests;

pub(crate) use index::Index;

/// A way to find separators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// Eight bytes at a time, on any machine.
    Scalar,
    /// 64 bytes at a time with AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 64 bytes at a time with AVX-512 (as of Ice Lake and Zen 4), which also writes the offsets
    /// without a loop.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 64 bytes at a time with NEON.
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Kernel {
    /// The fastest that this machine has.
    pub(crate) fn best() -> Kernel {
        Kernel::available().next_back().unwrap_or(Kernel::Scalar)
    }

    /// All that this machine has, the slowest first.
    pub(crate) fn available() -> impl DoubleEndedIterator<Item = Kernel> {
        let kernels = [
            (Kernel::Scalar, true),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx2, avx2::is_available()),
            #[cfg(target_arch = "x86_64")]
            (Kernel::Avx512, avx512::is_available()),
            #[cfg(target_arch = "aarch64")]
            (Kernel::Neon, true),
        ];
        kernels.into_iter().filter(|(_, there)| *there).map(|(kernel, _)| kernel)
    }

    /// Finds every separator of `block` (space, tab, carriage return, line feed) and notes which of
    /// them end lines, in place of what `index` held.
    ///
    /// `block` must be shorter than 4 GiB, since offsets are 32 bits wide; the decoder cuts its input.
    pub(crate) fn index(self, block: &[u8], index: &mut Index) {
        debug_assert!(u32::try_from(block.len()).is_ok());
        match self {
            Kernel::Scalar => scalar::index(block, index),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => avx2::index(block, index),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => avx512::index(block, index),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => neon::index(block, index),
        }
    }

    /// How many lines a block of whole lines has, if each of them has `width` tokens, none of them
    /// empty, is ASCII, and begins with a digit.
    pub(crate) fn count_even(self, block: &[u8], width: usize) -> Option<u64> {
        match self {
            Kernel::Scalar => scalar::count_even(block, width),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => avx2::count_even(block, width),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => avx512::count_even(block, width),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon => neon::count_even(block, width),
        }
    }

    /// Does the work as it was compiled for the machine that has the kernel.
    #[inline(always)]
    pub(crate) fn run<R>(self, work: impl Work<R>) -> R {
        match self {
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => avx2::run(work),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => avx512::run(work),
            _ => work.run(),
        }
    }
}

/// Work over a block without any instruction of one machine in it, which the compiler makes faster for
/// a machine that it knows: shifts by register and bit counts are one instruction on newer ones.
pub(crate) trait Work<R> {
    /// Does the work. Must be inlined, all of it that counts.
    fn run(self) -> R;
}

/// What a kernel finds in 64 bytes: bit n stands for byte n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Masks {
    separators: u64,
    newlines: u64,
    /// Bytes that are not ASCII.
    high: u64,
    /// Bytes that are no decimal digits.
    others: u64,
}
