//! Investigations told to people and programs.
