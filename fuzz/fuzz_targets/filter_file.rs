//! Any bytes are a filter or are refused; a filter file reads back as it was written, and a damaged
//! one does not.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use streamlab::sketch::Filter;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    bits: u16,
    hashes: u8,
    items: Vec<&'a [u8]>,
    damage: Damage<'a>,
}

#[derive(Arbitrary, Debug)]
enum Damage<'a> {
    /// These bytes instead.
    Other(&'a [u8]),
    /// These bytes instead, behind the head of a sound file.
    Body(&'a [u8]),
    Cut(u16),
    Flip {
        at: u16,
        mask: u8,
    },
    Longer(u8),
}

fuzz_target!(|input: Input<'_>| {
    let Ok(mut filter) = Filter::with_bits(u64::from(input.bits), u32::from(input.hashes)) else { return };
    input.items.iter().for_each(|item| filter.insert(item));
    let sound = image(&filter);
    let read = Filter::read_from(sound.as_slice()).expect("a sound file is read");
    assert_eq!((read.bits(), read.hashes(), read.items()), (filter.bits(), filter.hashes(), filter.items()));
    assert!(input.items.iter().all(|item| read.contains(item)), "what was inserted is found");
    assert_eq!(image(&read), sound);

    let mut bytes = sound.clone();
    match input.damage {
        Damage::Other(other) => bytes = other.to_vec(),
        Damage::Body(body) => {
            bytes.truncate(40);
            bytes.extend(body);
        }
        Damage::Cut(length) => bytes.truncate(usize::from(length) % sound.len()),
        Damage::Flip { at, mask } => {
            let at = usize::from(at) % sound.len();
            bytes[at] ^= mask;
        }
        Damage::Longer(byte) => bytes.push(byte),
    }
    match Filter::read_from(bytes.as_slice()) {
        Ok(read) => assert_eq!(image(&read), bytes, "a file that was changed was read"),
        Err(error) => assert!(!error.to_string().is_empty() && bytes != sound, "{error}"),
    }
});

fn image(filter: &Filter) -> Vec<u8> {
    let mut image = Vec::new();
    filter.write_to(&mut image).expect("memory can be written");
    image
}
