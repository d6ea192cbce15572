//! Other engines that answer the same questions: what they count becomes the same reports.

pub mod emit;
#[cfg(feature = "polars")]
mod frames;
mod question;
pub mod spark;

#[cfg(feature = "polars")]
pub use frames::{Feed, Reader, run as run_polars};
pub use question::{Counted, Question, Windows};
