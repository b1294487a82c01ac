//! Benchmarks of Flowproof against named peers.
