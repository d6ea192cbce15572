//! Where records stand inside of objects: `Records`, `detail.events`, `resourceLogs[].scopeLogs[].logRecords[]`.

/// What is entered on the way to the records, from outside to inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    levels: Vec<Level>,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// An object, of which the member of this name is entered.
    Object(String),
    /// An array, of which each element is entered, or is a record.
    Array,
}

const MAX_LEVELS: usize = 16;

impl Wrapper {
    /// Keys separated by dots; `[]` behind a key says that it holds an array, as the last one does.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut levels = Vec::new();
        for part in text.trim_end_matches("[]").split('.') {
            let (key, arrays) = part.split_once("[]").map_or((part, 0), |(key, _)| (key, 1));
            if key.is_empty() || key.contains(['[', ']', '"', '\\', '*']) || part.len() != key.len() + 2 * arrays {
                return Err(format!(
                    "`{text}` does not lead to an array; write its key as `Records`, and arrays on the way as `resourceLogs[].scopeLogs[].logRecords`"
                ));
            }
            levels.push(Level::Object(key.to_owned()));
            levels.extend((arrays > 0).then_some(Level::Array));
        }
        levels.push(Level::Array);
        if levels.len() > MAX_LEVELS {
            return Err(format!("`{text}` leads through more than {MAX_LEVELS} objects and arrays"));
        }
        Ok(Self { levels, text: text.to_owned() })
    }

    /// The first is an object, the last the array of the records.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }
}

impl std::fmt::Display for Wrapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_is_entered() {
        let object = |key: &str| Level::Object(key.to_owned());
        let levels = |text: &str| Wrapper::parse(text).map(|wrapper| wrapper.levels);
        assert_eq!(levels("Records"), Ok(vec![object("Records"), Level::Array]));
        assert_eq!(levels("Records[]"), levels("Records"));
        assert_eq!(levels("a.b"), Ok(vec![object("a"), object("b"), Level::Array]));
        assert_eq!(levels("a[].b[]"), Ok(vec![object("a"), Level::Array, object("b"), Level::Array]));
        for bad in ["", ".", "a.", "[]", "a[0]", "a[*]", "a[][]b", "a[]b", "a[.b", "a[][].b"] {
            assert!(levels(bad).is_err(), "{bad}");
        }
    }
}
