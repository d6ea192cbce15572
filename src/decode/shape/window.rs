//! Where strings and numbers end, for 64 bytes at a time: the one file with `unsafe`.
//!
//! A [`Window`] marks each byte of a stretch twice: whether a plain string stops there (a quote, a
//! backslash, a control character, anything beyond ASCII), and whether it is no digit. What comes
//! next after a place is then one load, one shift and one count. The marks are made by the best
//! kernel that the processor has; all kernels give those of [`scalar`], byte for byte.
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
    stops: [u8; MARK_BYTES],
    others: [u8; MARK_BYTES],
    mark: Kernel,
}

/// Writes the marks of whole blocks: where strings stop, and what is no digit.
type Kernel = fn(&[[u8; BLOCK_BYTES]], &mut [u8], &mut [u8]);

impl<'a> Window<'a> {
    /// Nothing is marked yet.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with(bytes, best())
    }

    fn with(bytes: &'a [u8], mark: Kernel) -> Self {
        let marks = [0xFF; MARK_BYTES];
        let mut window = Self { bytes, begin: 0, view: bytes, marked: 0, words: 0, stops: marks, others: marks, mark };
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
        (self.mark)(blocks, &mut self.stops, &mut self.others);
        let mut done = blocks.len() * size_of::<u64>();
        if !tail.is_empty() {
            // A zero is a stop and no digit.
            let mut block = [[0; BLOCK_BYTES]];
            block[0][..tail.len()].copy_from_slice(tail);
            (self.mark)(&block, &mut self.stops[done..], &mut self.others[done..]);
            done += size_of::<u64>();
        }
        self.stops[done..].fill(0xFF);
        self.others[done..].fill(0xFF);
    }

    /// The first place at or after `at` where a plain string stops. What is not marked counts as a
    /// stop: where none is marked, that is [`Self::marked`], or `at` itself behind it.
    #[inline(always)]
    pub fn stop(&self, at: usize) -> usize {
        next(&self.stops, at)
    }

    /// The first place at or after `at` that holds no digit; as [`Self::stop`].
    #[inline(always)]
    pub fn other(&self, at: usize) -> usize {
        next(&self.others, at)
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

/// The first mark at or after `at`.
#[inline(always)]
fn next(marks: &[u8; MARK_BYTES], at: usize) -> usize {
    let byte = at / 8;
    let Some(word) = marks.get(byte..).and_then(|marks| marks.first_chunk()) else { return at };
    let word = u64::from_le_bytes(*word) >> (at % 8);
    if word != 0 {
        return at + word.trailing_zeros() as usize;
    }
    later(marks, byte + 8)
}

/// The first mark in or after a byte of marks.
#[inline(never)]
fn later(marks: &[u8; MARK_BYTES], from: usize) -> usize {
    let (words, rest) = marks[from..].as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        if word != 0 {
            return (from + place * 8) * 8 + word.trailing_zeros() as usize;
        }
    }
    let end = from + words.len() * 8;
    let bits =
        rest.iter().position(|byte| *byte != 0).map(|place| (end + place) * 8 + rest[place].trailing_zeros() as usize);
    bits.unwrap_or(MARK_BYTES * 8)
}

/// The kernel for this processor.
fn best() -> Kernel {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: each is called only where the processor has what it was compiled for.
        if is_x86_feature_detected!("avx512bw") {
            return |blocks, stops, others| unsafe { x86::avx512(blocks, stops, others) };
        }
        if is_x86_feature_detected!("avx2") {
            return |blocks, stops, others| unsafe { x86::avx2(blocks, stops, others) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    return arm::neon;
    #[allow(unreachable_code)]
    scalar
}

/// What every kernel computes, one byte after the other.
fn scalar(blocks: &[[u8; BLOCK_BYTES]], stops: &mut [u8], others: &mut [u8]) {
    for ((block, stops), others) in blocks.iter().zip(stops.as_chunks_mut().0).zip(others.as_chunks_mut().0) {
        let bits = |test: fn(u8) -> bool| {
            block.iter().rev().fold(0u64, |bits, byte| bits << 1 | u64::from(test(*byte))).to_le_bytes()
        };
        *stops = bits(|byte| !(b' '..0x80).contains(&byte) || byte == b'"' || byte == b'\\');
        *others = bits(|byte| !byte.is_ascii_digit());
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::BLOCK_BYTES;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512bw")]
    pub fn avx512(blocks: &[[u8; BLOCK_BYTES]], stops: &mut [u8], others: &mut [u8]) {
        for ((block, stops), others) in blocks.iter().zip(stops.as_chunks_mut().0).zip(others.as_chunks_mut().0) {
            // SAFETY: a block is 64 bytes long; an unaligned load asks for no more.
            let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
            // As signed numbers, all beyond ASCII are below the space too.
            let stop = _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(b' ' as i8))
                | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"' as i8))
                | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\\' as i8));
            let digit = _mm512_sub_epi8(bytes, _mm512_set1_epi8(b'0' as i8));
            *stops = stop.to_le_bytes();
            *others = _mm512_cmpgt_epu8_mask(digit, _mm512_set1_epi8(9)).to_le_bytes();
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn avx2(blocks: &[[u8; BLOCK_BYTES]], stops: &mut [u8], others: &mut [u8]) {
        for ((block, stops), others) in blocks.iter().zip(stops.as_chunks_mut().0).zip(others.as_chunks_mut().0) {
            let (mut stop, mut other) = (0, 0);
            for (half, bytes) in block.as_chunks::<32>().0.iter().enumerate() {
                // SAFETY: half a block is 32 bytes long; an unaligned load asks for no more.
                let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
                let quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
                let backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
                let below = _mm256_cmpgt_epi8(_mm256_set1_epi8(b' ' as i8), bytes);
                let stopped = _mm256_or_si256(_mm256_or_si256(quote, backslash), below);
                let digit = _mm256_sub_epi8(bytes, _mm256_set1_epi8(b'0' as i8));
                let is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, _mm256_set1_epi8(9)), digit);
                let bits = |mask| u64::from(_mm256_movemask_epi8(mask) as u32) << (32 * half);
                stop |= bits(stopped);
                other |= !bits(is_digit) & bits(_mm256_set1_epi8(-1));
            }
            *stops = u64::to_le_bytes(stop);
            *others = u64::to_le_bytes(other);
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::BLOCK_BYTES;
    use std::arch::aarch64::*;

    /// Every processor of this kind has NEON.
    pub fn neon(blocks: &[[u8; BLOCK_BYTES]], stops: &mut [u8], others: &mut [u8]) {
        for ((block, stops), others) in blocks.iter().zip(stops.as_chunks_mut().0).zip(others.as_chunks_mut().0) {
            // SAFETY: each load is of a quarter of a block, which is 16 bytes long.
            let quarters = [0, 16, 32, 48].map(|at| unsafe { vld1q_u8(block[at..at + 16].as_ptr()) });
            // SAFETY: arithmetic on registers.
            unsafe {
                let stop = quarters.map(|bytes| {
                    let quote = vceqq_u8(bytes, vdupq_n_u8(b'"'));
                    let backslash = vceqq_u8(bytes, vdupq_n_u8(b'\\'));
                    let below = vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(b' ' as i8));
                    vorrq_u8(vorrq_u8(quote, backslash), below)
                });
                let other = quarters.map(|bytes| vcgtq_u8(vsubq_u8(bytes, vdupq_n_u8(b'0')), vdupq_n_u8(9)));
                *stops = bits(stop).to_le_bytes();
                *others = bits(other).to_le_bytes();
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
