//! The one file of the program that holds `unsafe`, by itself; see `scripts/miri`.

#[allow(dead_code)]
#[path = "../../src/decode/shape"]
mod shape {
    mod window;
}
