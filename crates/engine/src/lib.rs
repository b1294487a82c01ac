//! Flow logs as a DataFusion table, and the analyses over it.
