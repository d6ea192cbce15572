//! What a mistyped name was probably meant to be.

/// The known name most like `name`, where one is like it at all. Hyphens, underscores and case make
/// no difference.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let name = plain(name);
    let distances = known.into_iter().map(|known| (strsim::damerau_levenshtein(&name, &plain(known)), known));
    let (distance, known) = distances.min()?;
    (distance <= 1 + name.chars().count() / 4).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["failure_rate", "total", "service"];
        assert_eq!(nearest("failure-rat", known), Some("failure_rate"));
        assert_eq!(nearest("Totla", known), Some("total"));
        assert_eq!(nearest("A-B-C-D", ["a_b_c_d"]), Some("a_b_c_d"));
        assert_eq!(nearest("latency", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
