//! Mergeable summaries: what a state is made of. None of them knows what it counts.

/// Two summaries of neighbouring input become one of both.
///
/// Associative, with the empty summary as identity; `later` follows `self` in input order.
pub trait Merge {
    fn merge(&mut self, later: Self);
}
