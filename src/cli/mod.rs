//! The subcommands: one file each holds its arguments and its run.

pub mod assert;
pub mod config;
mod nearest;
pub mod units;
pub mod when;
