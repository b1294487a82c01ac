//! Flowproof on several machines.
