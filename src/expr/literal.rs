//! A number as it is written in an expression.

/// The number that a text begins with.
pub struct NumberText<'s> {
    text: &'s str,
    /// In bytes.
    pub length: usize,
    is_whole: bool,
}

impl<'s> NumberText<'s> {
    /// `rest` begins with a digit.
    pub fn at_start(rest: &'s str) -> Self {
        let digits = |from: usize| from + rest[from..].bytes().take_while(u8::is_ascii_digit).count();
        let has = |at: usize, set: &[u8]| rest.as_bytes().get(at).is_some_and(|byte| set.contains(byte));
        let is_digit = |at: usize| has(at, b"0123456789");
        if has(1, b"xX") {
            let length = 2 + rest[2..].bytes().take_while(u8::is_ascii_hexdigit).count();
            return Self { text: rest, length, is_whole: false };
        }
        let mut length = digits(0);
        let mut is_whole = true;
        if has(length, b".") && is_digit(length + 1) {
            (length, is_whole) = (digits(length + 1), false);
        }
        let exponent = length + 1 + usize::from(has(length + 1, b"+-"));
        if has(length, b"eE") && is_digit(exponent) {
            (length, is_whole) = (digits(exponent), false);
        }
        length += usize::from(is_whole && has(length, b"uU"));
        Self { text: &rest[..length], length, is_whole }
    }

    /// The digits that `rest` begins with.
    pub fn whole_at_start(rest: &str) -> &str {
        &rest[..rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len())]
    }

    pub fn digits(&self) -> &'s str {
        self.text.trim_end_matches(['u', 'U'])
    }

    /// No type of ours holds it.
    pub fn is_too_large(&self) -> bool {
        match self.is_whole {
            true => self.digits().parse::<i128>().is_err(),
            false => self.text.parse::<f64>().is_ok_and(f64::is_infinite),
        }
    }

    /// None of CEL's types holds it.
    pub fn needs_a_word(&self) -> bool {
        self.is_whole && self.digits().parse::<i64>().is_err()
    }
}
