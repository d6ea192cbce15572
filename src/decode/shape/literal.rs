//! The bytes between two values, compared 16 at a time.

use super::window::Window;

/// Bytes that have to stand in a place.
#[derive(Clone, Debug)]
pub struct Literal {
    /// The first 16 bytes, and which of their bits count.
    head: u128,
    mask: u128,
    length: usize,
    rest: Box<[Block]>,
}

/// 16 bytes behind the head; the last block may overlap what is before it.
#[derive(Clone, Copy, Debug)]
struct Block {
    at: usize,
    bytes: u128,
}

impl Literal {
    pub fn new(text: &[u8]) -> Self {
        let mut head = [0; 16];
        let count = text.len().min(head.len());
        head[..count].copy_from_slice(&text[..count]);
        let mask = if count == head.len() { u128::MAX } else { (1 << (8 * count)) - 1 };
        let block = |at: usize| {
            let at = at.min(text.len() - 16);
            let bytes = text[at..].first_chunk().expect("as far from the end");
            Block { at, bytes: u128::from_le_bytes(*bytes) }
        };
        let rest = (16..text.len()).step_by(16).map(block).collect();
        Self { head: u128::from_le_bytes(head), mask, length: text.len(), rest }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it stands at `at`. Needs 16 bytes to look at, however short it is.
    #[inline(always)]
    pub fn is_at(&self, window: &Window<'_>, at: usize) -> bool {
        window.word(at).is_some_and(|word| (word ^ self.head) & self.mask == 0)
            && (self.length <= 16 || self.goes_on(window, at))
    }

    #[inline(never)]
    fn goes_on(&self, window: &Window<'_>, at: usize) -> bool {
        self.rest.iter().all(|block| window.word(at + block.at) == Some(block.bytes))
    }

    pub fn text(&self) -> Vec<u8> {
        let mut text = self.head.to_le_bytes().to_vec();
        text.resize(self.length, 0);
        for block in &self.rest {
            text[block.at..block.at + 16].copy_from_slice(&block.bytes.to_le_bytes());
        }
        text
    }
}
