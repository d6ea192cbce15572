//! To come.

pub mod assert;
mod nearest;
pub mod when;
