//! To come.

pub mod filter;
