//! Any text is a path or is refused; a path reads back as it prints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamlab::schema::Path;

fuzz_target!(|text: &str| {
    if let Ok(path) = Path::parse(text) {
        assert!(!path.keys().is_empty() && path.keys().iter().all(|key| !key.is_empty()), "{path:?}");
        assert_eq!(Path::parse(&path.to_string()), Ok(path));
    }
});
