//! The subcommands: one file each holds its arguments and its run.

pub mod generate;
pub mod units;
