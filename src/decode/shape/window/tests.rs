//! Every kernel against the scalar one, and every answer of a window against a search byte by byte.

use super::*;
use proptest::prelude::*;

/// The kernels that this processor can run.
fn kernels() -> Vec<(&'static str, Kernel)> {
    // Some processors have this one only.
    #[allow(unused_mut)]
    let mut kernels: Vec<(&str, Kernel)> = vec![("scalar", scalar)];
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: each is called only where the processor has what it was compiled for.
        if is_x86_feature_detected!("avx2") {
            kernels.push(("avx2", |blocks, marks| unsafe { x86::avx2(blocks, marks) }));
        }
        if is_x86_feature_detected!("avx512bw") {
            kernels.push(("avx512", |blocks, marks| unsafe { x86::avx512(blocks, marks) }));
        }
    }
    #[cfg(target_arch = "aarch64")]
    kernels.push(("neon", arm::neon));
    kernels
}

/// All of them, and under an interpreter, which takes its time, the best one.
fn some_kernels() -> Vec<Kernel> {
    if cfg!(miri) { vec![best()] } else { kernels().into_iter().map(|(_, kernel)| kernel).collect() }
}

/// An interpreter takes its time.
fn cases(cases: u32) -> ProptestConfig {
    let cases = if cfg!(miri) { 2 } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Bytes of any kind, and runs of plain ones and of digits, some longer than a word of marks.
fn bytes(runs: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    let some = prop::sample::select(b"\"\\ }x/0:9\x00\x1f!#[]\x7f\x80\xff".to_vec()).prop_map(|byte| (byte, 1));
    let long = (prop::sample::select(b"x7 ~".to_vec()), 1..150usize);
    let run = prop_oneof![1 => some, 1 => any::<u8>().prop_map(|byte| (byte, 1)), 1 => long];
    let repeat = |(byte, count): (u8, usize)| std::iter::repeat_n(byte, count);
    prop::collection::vec(run, runs).prop_map(move |runs| runs.into_iter().flat_map(repeat).collect())
}

fn is_stop(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\' | 0x80..)
}

/// The first place at or after `at` of a byte that passes the test, or where the marks end.
fn search(marked: &[u8], at: usize, test: fn(u8) -> bool) -> usize {
    (at..marked.len()).find(|place| test(marked[*place])).unwrap_or(at.max(marked.len()))
}

/// What the window says at each of these places is what the bytes say.
fn check(window: &Window<'_>, places: impl Iterator<Item = usize>) {
    let view = window.view();
    let marked = &view[..window.marked()];
    for at in places {
        let stop = search(marked, at, is_stop);
        assert_eq!(window.stop(at), stop, "{at}");
        assert_eq!(window.other(at), search(marked, at, |byte| !byte.is_ascii_digit()), "{at}");
        let closes: Vec<_> =
            (at..marked.len()).filter(|place| marked[*place] == b'}').map(|place| place + 1).take(5).collect();
        let mut list = [0; 5];
        let count = window.closes(at, &mut list);
        // Where the last one may not fit, there is still room for the word after it.
        assert_eq!(list[..count], closes, "{at}");
        let text = (view.get(stop) == Some(&b'"')).then(|| std::str::from_utf8(&view[at..stop]).unwrap());
        assert_eq!(window.text(at), text, "{at}");
        let word = at.checked_add(16).and_then(|end| view.get(at..end)?.first_chunk().copied());
        assert_eq!(window.word(at), word.map(u128::from_le_bytes), "{at}");
    }
}

/// Around the places that a window counts from: the ends of its bytes, its marks and its arrays.
fn far_places(window: &Window<'_>) -> impl Iterator<Item = usize> {
    let ends = [window.marked(), window.view().len(), WINDOW_BYTES, MARK_BYTES * 8, usize::MAX - 80];
    ends.into_iter().flat_map(|end| end.saturating_sub(80)..end + 80)
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn all_kernels_mark_alike(bytes in bytes(0..30)) {
        let blocks = bytes.as_chunks().0;
        let run = |kernel: Kernel| {
            // Room for a block more: it is left as it was.
            let mut marks = [0xA5, 0x5A, 0xC3].map(|byte| vec![byte; bytes.len() + 8]);
            let [stops, others, closes] = &mut marks;
            kernel(blocks, Marks { stops, others, closes });
            marks
        };
        for (name, kernel) in kernels() {
            prop_assert_eq!(run(kernel), run(scalar), "{}", name);
        }
    }

    #[test]
    fn a_short_window_says_what_a_search_says(bytes in bytes(0..30), begin: prop::sample::Index) {
        for kernel in some_kernels() {
            let mut window = Window::with(&bytes, kernel);
            let step = if cfg!(miri) { 29 } else { 1 };
            check(&window, (0..bytes.len()).step_by(step));
            for begin in [0, begin.index(bytes.len() + 1), 0] {
                window.mark(begin);
                prop_assert_eq!((window.begin(), window.view()), (begin, &bytes[begin..]));
                prop_assert_eq!(window.has_more(), false);
                check(&window, (0..window.view().len()).step_by(step).chain(far_places(&window).step_by(step)));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 1 } else { 20 }, ..cases(1) })]

    #[test]
    fn a_full_window_says_what_a_search_says(piece in bytes(1..30), length in 1..300usize, begin in 1..600usize) {
        let bytes: Vec<u8> = piece.iter().copied().cycle().take(WINDOW_BYTES + length).collect();
        for kernel in some_kernels() {
            let mut window = Window::with(&bytes, kernel);
            for begin in [begin, 0] {
                window.mark(begin);
                prop_assert_eq!(window.marked(), (bytes.len() - begin).min(WINDOW_BYTES));
                let step = if cfg!(miri) { 701 } else { 17 };
                check(&window, (0..bytes.len()).step_by(step).chain(far_places(&window).step_by(step / 8)));
            }
        }
    }
}

#[test]
fn every_byte_is_marked_as_what_it_is() {
    for (name, kernel) in kernels() {
        for byte in (0..=u8::MAX).step_by(if cfg!(miri) { 31 } else { 1 }) {
            for (plain, place) in [(byte, 0), (b'x', usize::from(byte) % BLOCK_BYTES), (b'7', usize::from(byte) / 4)] {
                let mut block = [plain; BLOCK_BYTES];
                block[place] = byte;
                let (mut stops, mut others, mut closes) = ([0; 8], [0; 8], [0; 8]);
                kernel(&[block], Marks { stops: &mut stops, others: &mut others, closes: &mut closes });
                let bit = |marks: [u8; 8], place: usize| marks[place / 8] >> (place % 8) & 1 == 1;
                for (place, byte) in block.iter().enumerate() {
                    assert_eq!(bit(stops, place), is_stop(*byte), "{name}: {byte} at {place}");
                    assert_eq!(bit(others, place), !byte.is_ascii_digit(), "{name}: {byte} at {place}");
                    assert_eq!(bit(closes, place), *byte == b'}', "{name}: {byte} at {place}");
                }
            }
        }
    }
}

#[test]
fn one_stop_is_found_from_any_distance() {
    let length = if cfg!(miri) { 200 } else { 2000 };
    for place in (0..length).step_by(if cfg!(miri) { 37 } else { 1 }) {
        let mut bytes = vec![b'5'; length];
        bytes[place] = b'"';
        let mut window = Window::new(&bytes);
        window.mark(0);
        for at in (0..=place).rev().step_by(if cfg!(miri) { 5 } else { 1 }) {
            assert_eq!((window.stop(at), window.other(at)), (place, place), "from {at}");
        }
        assert_eq!((window.stop(place + 1), window.other(place + 1)), (length, length));
    }
}
