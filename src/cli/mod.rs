//! To come.

pub mod assert;
pub mod config;
mod nearest;
pub mod when;
