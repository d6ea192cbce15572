//! Where strings and numbers end, for 64 bytes at a time: the one file with `unsafe`.
//!
//! A [`Window`] marks the bytes of a stretch (see [`Marks`]). What comes next after a place is then
//! one load, one shift and one count. The marks are made by the best kernel that the processor has;
//! all kernels give those of [`scalar`], bit for bit.
#![allow(unsafe_code)]

/// How much is marked at once: the bytes and their marks stay in the first-level cache.
pub const WINDOW_BYTES: usize = 16 << 10;
/// The bytes that one word of marks stands for.
const BLOCK_BYTES: usize = 64;
/// The marks of a window, a bit a byte, and a word of marks that stops every search.
const MARK_BYTES: usize = WINDOW_BYTES / 8 + size_of::<u64>();

/// A part of a stretch and its marks. Places are offsets into that part.
pub struct Window<'a> {
    /// The whole stretch.
    bytes: &'a [u8],
    /// From where on it is seen.
    begin: usize,
    /// What follows from there: the part, and all behind it.
    view: &'a [u8],
    /// How much of the view is marked.
    marked: usize,
    /// Where in the view a word of 16 bytes may begin: before this.
    words: usize,
    marks: Marks<[u8; MARK_BYTES]>,
    kernel: Kernel,
}

/// A bit a byte, the first one lowest.
struct Marks<M> {
    /// A plain string stops here: a quote, a backslash, a control character, more than ASCII.
    stops: M,
    /// No digit.
    others: M,
    /// A closing brace.
    closes: M,
}

/// Writes the marks of whole blocks.
type Kernel = fn(&[[u8; BLOCK_BYTES]], Marks<&mut [u8]>);

impl<'a> Window<'a> {
    /// Nothing is marked yet.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with(bytes, best())
    }

    fn with(bytes: &'a [u8], kernel: Kernel) -> Self {
        let marks = Marks { stops: [0xFF; MARK_BYTES], others: [0xFF; MARK_BYTES], closes: [0; MARK_BYTES] };
        let mut window = Self { bytes, begin: 0, view: bytes, marked: 0, words: 0, marks, kernel };
        window.words = window.words();
        window
    }

    fn words(&self) -> usize {
        (self.view.len() + 1).saturating_sub(size_of::<u128>())
    }

    /// The whole stretch.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where in the stretch the view begins.
    pub fn begin(&self) -> usize {
        self.begin
    }

    /// The bytes that places are offsets into.
    pub fn view(&self) -> &'a [u8] {
        self.view
    }

    /// Where the marks end.
    pub fn marked(&self) -> usize {
        self.marked
    }

    /// Whether there are marks to come that the view has no room for.
    pub fn has_more(&self) -> bool {
        self.marked < self.view.len()
    }

    /// Sees and marks the stretch from `begin` on, as much as there is room for.
    #[inline(never)]
    pub fn mark(&mut self, begin: usize) {
        (self.begin, self.view) = (begin, &self.bytes[begin..]);
        self.words = self.words();
        let (blocks, tail) = self.view[..self.view.len().min(WINDOW_BYTES)].as_chunks();
        self.marked = blocks.len() * BLOCK_BYTES + tail.len();
        (self.kernel)(blocks, self.marks.from(0));
        let mut done = blocks.len() * size_of::<u64>();
        if !tail.is_empty() {
            // A zero is a stop and no digit.
            let mut block = [[0; BLOCK_BYTES]];
            block[0][..tail.len()].copy_from_slice(tail);
            (self.kernel)(&block, self.marks.from(done));
            done += size_of::<u64>();
        }
        let Marks { stops, others, closes } = self.marks.from(done);
        stops.fill(0xFF);
        others.fill(0xFF);
        closes.fill(0);
    }

    /// The first place at or after `at` where a plain string stops. What is not marked counts as a
    /// stop: where none is marked, that is [`Self::marked`], or `at` itself behind it.
    #[inline(always)]
    pub fn stop(&self, at: usize) -> usize {
        next(&self.marks.stops, at)
    }

    /// The first place at or after `at` that holds no digit; as [`Self::stop`].
    #[inline(always)]
    pub fn other(&self, at: usize) -> usize {
        next(&self.marks.others, at)
    }

    /// The marks of what is no digit from `at` on: some of them, 57 at most, and zeros behind.
    #[inline(always)]
    pub fn others(&self, at: usize) -> u64 {
        word(&self.marks.others, at).unwrap_or(0)
    }

    /// Lists the places behind closing braces from `at` on, as far as is marked and there is room;
    /// answers how many there are.
    #[inline(always)]
    pub fn closes(&self, at: usize, list: &mut [usize]) -> usize {
        let (words, _) = self.marks.closes.as_chunks::<8>();
        let (mut begin, mut shown, mut count) = (at / 64 * 64, u64::MAX << (at % 64), 0);
        for word in words.get(at / 64..).unwrap_or_default() {
            let mut word = u64::from_le_bytes(*word) & shown;
            // One is noted, there or not: whether a word has one cannot be predicted. Few have more.
            loop {
                let Some(place) = list.get_mut(count) else { return count };
                *place = begin + word.trailing_zeros() as usize + 1;
                count += usize::from(word != 0);
                word &= word.wrapping_sub(1);
                if word == 0 {
                    break;
                }
            }
            (begin, shown) = (begin + 64, u64::MAX);
        }
        count
    }

    /// The 16 bytes at `at`, the first one lowest; `None` where there are fewer.
    #[inline(always)]
    pub fn word(&self, at: usize) -> Option<u128> {
        // SAFETY: `words` is the length of the view less 15, or zero: 16 bytes follow.
        let word = || unsafe { self.view.as_ptr().add(at).cast::<[u8; 16]>().read_unaligned() };
        (at < self.words).then(|| u128::from_le_bytes(word()))
    }

    /// The text from `at` to the next quote, where nothing else stops it.
    #[inline(always)]
    pub fn text(&self, at: usize) -> Option<&'a str> {
        let end = self.stop(at);
        if self.view.get(end) != Some(&b'"') {
            return None;
        }
        // SAFETY: `stop` answers nothing before `at`, and `end` is a place in the view. Between the
        // two are marked bytes only, and no stops, hence ASCII. The marks are of `self.view`, which
        // nobody can write to while it is borrowed for 'a.
        Some(unsafe { std::str::from_utf8_unchecked(self.view.get_unchecked(at..end)) })
    }
}

impl Marks<[u8; MARK_BYTES]> {
    /// Those behind the first `done` bytes of each.
    fn from(&mut self, done: usize) -> Marks<&mut [u8]> {
        let Self { stops, others, closes } = self;
        Marks { stops: &mut stops[done..], others: &mut others[done..], closes: &mut closes[done..] }
    }
}

impl<'m> Marks<&'m mut [u8]> {
    /// A word of each for every block.
    #[inline(always)]
    fn words(self) -> impl Iterator<Item = Marks<&'m mut [u8; 8]>> {
        let (stops, others, closes) =
            (self.stops.as_chunks_mut().0, self.others.as_chunks_mut().0, self.closes.as_chunks_mut().0);
        let words = stops.iter_mut().zip(others).zip(closes);
        words.map(|((stops, others), closes)| Marks { stops, others, closes })
    }
}

/// The first mark at or after `at`.
#[inline(always)]
fn next(marks: &[u8; MARK_BYTES], at: usize) -> usize {
    match word(marks, at) {
        None => at,
        Some(0) => later(marks, at / 8 + 8),
        Some(word) => at + word.trailing_zeros() as usize,
    }
}

/// The marks from `at` on that lie in the eight bytes of marks with the first of them.
#[inline(always)]
fn word(marks: &[u8; MARK_BYTES], at: usize) -> Option<u64> {
    let word = marks.get(at / 8..)?.first_chunk()?;
    Some(u64::from_le_bytes(*word) >> (at % 8))
}

/// The first mark in or after a byte of marks; there is one, for the last word is all marks.
#[inline(never)]
fn later(marks: &[u8; MARK_BYTES], from: usize) -> usize {
    let words = marks[from..].as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
    let found = words.enumerate().find(|(_, word)| *word != 0);
    found.map_or(MARK_BYTES * 8, |(place, word)| (from + place * 8) * 8 + word.trailing_zeros() as usize)
}

/// The kernel for this processor.
fn best() -> Kernel {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: each is called only where the processor has what it was compiled for.
        if is_x86_feature_detected!("avx512bw") {
            return |blocks, marks| unsafe { x86::avx512(blocks, marks) };
        }
        if is_x86_feature_detected!("avx2") {
            return |blocks, marks| unsafe { x86::avx2(blocks, marks) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    return arm::neon;
    #[allow(unreachable_code)]
    scalar
}

/// What every kernel computes, one byte after the other.
fn scalar(blocks: &[[u8; BLOCK_BYTES]], marks: Marks<&mut [u8]>) {
    for (block, marks) in blocks.iter().zip(marks.words()) {
        let bits = |test: fn(u8) -> bool| {
            block.iter().rev().fold(0u64, |bits, byte| bits << 1 | u64::from(test(*byte))).to_le_bytes()
        };
        *marks.stops = bits(|byte| !(b' '..0x80).contains(&byte) || byte == b'"' || byte == b'\\');
        *marks.others = bits(|byte| !byte.is_ascii_digit());
        *marks.closes = bits(|byte| byte == b'}');
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{BLOCK_BYTES, Marks};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw")]
    pub fn avx512(blocks: &[[u8; BLOCK_BYTES]], marks: Marks<&mut [u8]>) {
        let all = |byte: u8| _mm512_set1_epi8(byte as i8);
        for (block, marks) in blocks.iter().zip(marks.words()) {
            // SAFETY: a block is 64 bytes long; an unaligned load asks for no more.
            let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
            // As signed numbers, all beyond ASCII are below the space too.
            let stop = _mm512_cmplt_epi8_mask(bytes, all(b' '))
                | _mm512_cmpeq_epi8_mask(bytes, all(b'"'))
                | _mm512_cmpeq_epi8_mask(bytes, all(b'\\'));
            *marks.stops = stop.to_le_bytes();
            *marks.others = _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(bytes, all(b'0')), all(9)).to_le_bytes();
            *marks.closes = _mm512_cmpeq_epi8_mask(bytes, all(b'}')).to_le_bytes();
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn avx2(blocks: &[[u8; BLOCK_BYTES]], marks: Marks<&mut [u8]>) {
        let all = |byte: u8| _mm256_set1_epi8(byte as i8);
        for (block, marks) in blocks.iter().zip(marks.words()) {
            let (mut stops, mut others, mut closes) = (0, 0, 0);
            for (half, bytes) in block.as_chunks::<32>().0.iter().enumerate() {
                // SAFETY: half a block is 32 bytes long; an unaligned load asks for no more.
                let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
                let bits = |mask| u64::from(_mm256_movemask_epi8(mask) as u32) << (32 * half);
                let quoted = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, all(b'"')), _mm256_cmpeq_epi8(bytes, all(b'\\')));
                stops |= bits(_mm256_or_si256(quoted, _mm256_cmpgt_epi8(all(b' '), bytes)));
                let digit = _mm256_sub_epi8(bytes, all(b'0'));
                others |= bits(_mm256_cmpeq_epi8(_mm256_min_epu8(digit, all(9)), digit));
                closes |= bits(_mm256_cmpeq_epi8(bytes, all(b'}')));
            }
            *marks.stops = u64::to_le_bytes(stops);
            *marks.others = u64::to_le_bytes(!others);
            *marks.closes = u64::to_le_bytes(closes);
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::{BLOCK_BYTES, Marks};
    use std::arch::aarch64::*;

    /// Every processor of this kind has NEON.
    pub fn neon(blocks: &[[u8; BLOCK_BYTES]], marks: Marks<&mut [u8]>) {
        for (block, marks) in blocks.iter().zip(marks.words()) {
            // SAFETY: each load is of a quarter of a block, which is 16 bytes long.
            let quarters = [0, 16, 32, 48].map(|at| unsafe { vld1q_u8(block[at..at + 16].as_ptr()) });
            // SAFETY: arithmetic on registers.
            unsafe {
                let stops = quarters.map(|bytes| {
                    let quoted = vorrq_u8(vceqq_u8(bytes, vdupq_n_u8(b'"')), vceqq_u8(bytes, vdupq_n_u8(b'\\')));
                    vorrq_u8(quoted, vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(b' ' as i8)))
                });
                let others = quarters.map(|bytes| vcgtq_u8(vsubq_u8(bytes, vdupq_n_u8(b'0')), vdupq_n_u8(9)));
                let closes = quarters.map(|bytes| vceqq_u8(bytes, vdupq_n_u8(b'}')));
                *marks.stops = bits(stops).to_le_bytes();
                *marks.others = bits(others).to_le_bytes();
                *marks.closes = bits(closes).to_le_bytes();
            }
        }
    }

    /// One bit a byte: each keeps the bit of its place, and neighbours are added three times.
    fn bits(masks: [uint8x16_t; 4]) -> u64 {
        const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
        // SAFETY: the load is of 16 bytes; the rest is arithmetic on registers.
        unsafe {
            let places = vld1q_u8(PLACES.as_ptr());
            let [a, b, c, d] = masks.map(|mask| vandq_u8(mask, places));
            let halves = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
            vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(halves, halves)))
        }
    }
}

#[cfg(test)]
mod tests;
