//! Record data against other implementations.
