use std::process::ExitCode;

fn main() -> ExitCode {
    keep_freed_memory();
    streamlab::cli::main(std::env::args_os().collect())
}

/// Lets glibc keep up to 32 MiB that is freed: it would give it to the system and take it back at each
/// closing of a window, a third of the time where keys are many. It learns that by the largest piece
/// that it ever gave back as one (mallopt(3), M_MMAP_THRESHOLD).
fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20)));
}
