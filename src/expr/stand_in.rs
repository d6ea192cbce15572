//! Words that stand for what CEL's parser cannot read: keys in backticks, long numbers, `has` of a name.

use super::ExprError;
use super::literal::NumberText;
use super::tree::children_mut;
use super::whole::literal;
use cel::common::ast::{Expr as Node, IdedExpr};

/// What CEL cannot read, and the word of the same length that stands for it there.
#[derive(Debug)]
pub struct Quoted {
    pub word: String,
    /// A key in backticks, `has`, or the digits of a number.
    pub key: String,
    /// It is a whole number beyond 64 bits.
    pub is_number: bool,
}

/// What CEL reads in place of `has`: its own takes no name by itself.
pub const HAS: &str = "has";

/// Puts a word in place of each key in backticks, each whole number beyond 64 bits, and of `has`, so that carets
/// still stand right.
pub fn take_quoted(source: &str) -> Result<(String, Vec<Quoted>), ExprError> {
    let (mut plain, mut quoted) = (String::with_capacity(source.len()), Vec::<Quoted>::new());
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let length = match first {
            '`' => {
                let Some(end) = rest[1..].find('`') else { return Err(ExprError::open_backtick(source, at)) };
                let key = &rest[1..=end];
                if key.is_empty() {
                    return Err(ExprError::empty_backticks(source, at));
                }
                let word = word_for(source, key.chars().count() + 2, &quoted);
                plain.push_str(&word);
                quoted.push(Quoted { word, key: key.to_owned(), is_number: false });
                end + 2
            }
            // An open quote is left to the parser, which says so.
            '"' | '\'' => super::habits::quoted_length(rest).unwrap_or(rest.len()),
            first if first.is_alphabetic() || first == '_' => {
                let is_end = |char: char| !char.is_alphanumeric() && char != '_';
                rest.find(is_end).unwrap_or(rest.len())
            }
            '0'..='9' => {
                let number = NumberText::at_start(rest);
                if number.is_too_large() {
                    return Err(ExprError::large_number(source, at));
                }
                if number.needs_a_word() {
                    let word = word_for(source, number.length, &quoted);
                    plain.push_str(&word);
                    quoted.push(Quoted { word, key: number.digits().to_owned(), is_number: true });
                    at += number.length;
                    continue;
                }
                number.length
            }
            other => other.len_utf8(),
        };
        let is_has = &rest[..length] == HAS && rest[length..].trim_start().starts_with('(') && !plain.ends_with('.');
        if is_has {
            let word = word_for(source, HAS.len(), &quoted);
            plain.push_str(&word);
            quoted.push(Quoted { word, key: HAS.to_owned(), is_number: false });
        } else if first != '`' {
            plain.push_str(&rest[..length]);
        }
        at += length;
    }
    Ok((plain, quoted))
}

/// A word of so many characters, which the source has not, and no other key.
fn word_for(source: &str, width: usize, others: &[Quoted]) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let word = |number: usize| {
        let digits = [DIGITS[number / 36 % 36], DIGITS[number % 36]].map(char::from);
        let mut word = String::from("_");
        word.extend(digits);
        word.extend(std::iter::repeat_n('_', width - 3));
        word
    };
    // The longest expression has not room for all of them.
    let is_free = |word: &String| !source.contains(word.as_str()) && others.iter().all(|other| other.word != *word);
    (0..36 * 36).map(word).find(is_free).unwrap_or_else(|| word(0))
}

/// Puts the whole numbers beyond 64 bits in place of their words.
pub fn take_numbers(tree: &mut IdedExpr, quoted: &[Quoted]) {
    if let Node::Ident(word) = &tree.expr
        && let Some(number) = quoted.iter().find(|quoted| quoted.is_number && quoted.word == *word)
    {
        tree.expr = literal(&number.key);
    }
    children_mut(tree).into_iter().for_each(|part| take_numbers(part, quoted));
}
