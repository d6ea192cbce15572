//! To come.

pub mod when;
