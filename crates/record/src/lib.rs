//! VPC flow log records: bytes in, Arrow record batches out.
