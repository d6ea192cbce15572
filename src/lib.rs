//! streamlab turns JSON logs, at rest or still being written, into live answers.
//!
//! A **source** yields chunks of bytes, a **decoder** shows the borrowed events in them, an
//! **analysis** folds the events into a mergeable **state**, and the **engine** settles: it merges
//! states in input order, renders a report and takes the next chunk.
//!
//! ```text
//! input ──Chunk──▶ decode ──Event──▶ analysis ──State──▶ engine: merge, settle ──Report──▶ render
//!   ▲                                                       │
//!   └──────────────────── what was consumed ────────────────┘
//! ```
//!
//! A module may use those above it in this list and nothing else; `tests/layers.rs` holds this.
//!
//! | layer | modules |
//! |---|---|
//! | 0 | [`event`] |
//! | 1 | [`schema`], [`report`] |
//! | 2 | [`expr`], [`input`], [`decode`], [`sketch`], [`generate`], [`checkpoint`] |
//! | 3 | [`analysis`], [`render`], [`survey`] |
//! | 4 | [`engine`] |
//! | 5 | [`bridge`] |
//! | 6 | [`cli`] |
#![deny(unsafe_code)]
// They panic where nobody reads.
#![cfg_attr(not(test), deny(clippy::print_stderr, clippy::print_stdout))]

pub mod analysis;
pub mod bridge;
pub mod checkpoint;
pub mod cli;
pub mod decode;
pub mod engine;
pub mod event;
pub mod expr;
pub mod generate;
pub mod input;
pub mod render;
pub mod report;
pub mod schema;
pub mod sketch;
pub mod survey;
