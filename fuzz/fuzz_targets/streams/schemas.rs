//! What a stream may be asked for: fields that meet, prefixes, texts that are parsed, arrays that records stand in.

use std::sync::{Arc, LazyLock};
use streamlab::schema::{Path, Schema, Wrapper, preset};

/// The one that a number stands for.
pub fn schema(number: u8) -> &'static Schema {
    &SCHEMAS[usize::from(number) % SCHEMAS.len()]
}

/// Paths that meet: a role that is a field too, one path in front of another, a key that holds its dots.
static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    let bytes = |mut schema: Schema| {
        schema.byte_texts = true;
        schema
    };
    let lab = |fields: &[&str], records: Option<&str>, parse: Option<&str>| {
        let mut schema = of("lab", fields);
        schema.records = records.map(|path| Arc::new(Wrapper::parse(path).expect("a path")));
        schema.parse = parse.map(|path| Path::parse(path).expect("a path"));
        schema
    };
    let prefixed = &["a", "prefix.time", "prefix.name", "prefix.level", "prefix.stream", "prefix.text"];
    let meeting = &["a", "b", "a.b"];
    vec![
        of("lab", &[]),
        of("lab", &["a", "b", "a.b", "a.0", "a.0.b"]),
        of("lab", &["\"message\"", "\"status\"", "timestamp", "a.b.c", "b.a"]),
        of("ecs", &["a.b", "a", "service"]),
        of("otel", &["Attributes", "Body.a"]),
        of("lab", prefixed),
        lab(meeting, None, Some("message")),
        bytes(of("lab", meeting)),
        lab(meeting, Some("a"), None),
        lab(meeting, Some("a[].b"), None),
        lab(prefixed, None, Some("message")),
        lab(prefixed, None, Some("a.b")),
        lab(meeting, Some("a.b"), None),
        lab(meeting, Some("a[].b[].c"), Some("message")),
        lab(meeting, Some("a"), Some("b")),
        bytes(lab(prefixed, None, Some("message"))),
    ]
});

fn of(name: &str, fields: &[&str]) -> Schema {
    let mut schema = Schema::new(preset(name).expect("a known one"));
    fields.iter().for_each(|field| assert!(schema.field(field).is_ok()));
    schema
}
