//! That this is built has the extension module built: see `Cargo.toml`. The tests are in the other files.
