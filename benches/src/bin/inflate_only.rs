//! The floor under every answer: inflates gzip objects with libdeflate, checks their CRC, and throws
//! the text away. Prints how many bytes it was.
//!
//! Usage: `inflate_only THREADS FILE...`

#![allow(clippy::print_stdout, reason = "the sum is what it prints")]

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use libdeflater::Decompressor;

/// What a thread uses again for each object.
struct Inflater {
    decompressor: Decompressor,
    stored: Vec<u8>,
    text: Vec<u8>,
}

impl Inflater {
    fn new() -> Inflater {
        Inflater { decompressor: Decompressor::new(), stored: Vec::new(), text: Vec::new() }
    }

    /// Inflates one object of one member; returns the bytes of its text.
    fn inflate(&mut self, path: &str) -> io::Result<u64> {
        let named = |error: &dyn std::fmt::Display| {
            Error::new(ErrorKind::InvalidData, format!("{path}: {error}"))
        };
        self.stored.clear();
        let mut file = File::open(path).map_err(|error| named(&error))?;
        file.read_to_end(&mut self.stored)?;
        // gzip ends with the size of the text, modulo 2^32.
        let Some(trailer) = self.stored.last_chunk::<4>() else {
            return Err(named(&"is too short for gzip"));
        };
        let size = u32::from_le_bytes(*trailer) as usize;
        if self.text.len() < size {
            self.text.resize(size, 0);
        }
        let text = self.decompressor.gzip_decompress(&self.stored, &mut self.text);
        text.map(|bytes| bytes as u64).map_err(|error| named(&error))
    }
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let threads: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let paths: Vec<String> = arguments.collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut inflater, mut bytes) = (Inflater::new(), 0);
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            bytes += inflater.inflate(path)?;
        }
        io::Result::Ok(bytes)
    };
    let mut bytes = 0;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            bytes += worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        io::Result::Ok(())
    })?;
    println!("{bytes}");
    Ok(())
}
