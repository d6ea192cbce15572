//! Images of a run, kept so that whoever dies goes on where it stood.
//!
//! An image is bytes and a plan: what the run was asked to do. A [`Store`] keeps the last images of a
//! directory in a log, each whole or not at all, with a checksum of its own. What is damaged is never
//! taken for anything; where nothing sound is left, it is refused, never taken for a beginning.

mod frame;
mod medium;
mod plan;
mod store;
#[cfg(test)]
mod tests;

pub use medium::{Directory, Medium};
pub use plan::Plan;
pub use store::{Image, Loaded, Store, StoreError, fresh_id};
