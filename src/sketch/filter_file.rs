//! The filter file: a [`Filter`] as bytes, the same on every machine.
//!
//! Magic, version, hashes, bits, items, the probe, the words, and the XXH3 of all that; every
//! number little endian. A file is read whole and sound, or refused; it never costs much more
//! memory than it has bytes.

use super::bloom::{Filter, FilterError, check_shape};
use std::io::{self, Read, Write};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// What a filter file begins with; a list of patterns never does.
pub const FILTER_MAGIC: [u8; 8] = *b"SLBLOOM1";
const VERSION: u32 = 1;
/// Words read or written at a time: memory follows what a file holds, not what its head claims.
const WORDS_AT_A_TIME: usize = 8192;

impl Filter {
    /// Writes the filter file.
    pub fn write_to(&self, mut out: impl Write) -> io::Result<()> {
        let mut head = Vec::with_capacity(Head::BYTES);
        head.extend(FILTER_MAGIC);
        head.extend(VERSION.to_le_bytes());
        head.extend(self.hashes().to_le_bytes());
        head.extend([self.bits(), self.items(), probe()].map(u64::to_le_bytes).as_flattened());
        let mut checksum = Xxh3::new();
        checksum.update(&head);
        out.write_all(&head)?;
        let mut bytes = Vec::with_capacity(8 * WORDS_AT_A_TIME);
        for words in self.words().chunks(WORDS_AT_A_TIME) {
            bytes.clear();
            bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            checksum.update(&bytes);
            out.write_all(&bytes)?;
        }
        out.write_all(&checksum.digest().to_le_bytes())?;
        out.flush()
    }

    /// Reads what [`Self::write_to`] wrote, and nothing after it.
    pub fn read_from(mut input: impl Read) -> Result<Self, FilterError> {
        // A short file of another kind is told so, rather than called damaged.
        let mut head = Vec::new();
        input.by_ref().take(Head::BYTES as u64).read_to_end(&mut head)?;
        let known = Head::parse(&head)?;
        let mut checksum = Xxh3::new();
        checksum.update(&head);
        let mut left = (known.bits / 64) as usize;
        let mut words = Vec::new();
        let mut bytes = vec![0; 8 * WORDS_AT_A_TIME.min(left)];
        while left > 0 {
            let part = &mut bytes[..8 * WORDS_AT_A_TIME.min(left)];
            input.read_exact(part).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => FilterError::Damaged,
                _ => FilterError::Io(error),
            })?;
            checksum.update(part);
            words.try_reserve(part.len() / 8).map_err(|_| FilterError::Memory(known.bits))?;
            words.extend(part.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)));
            left -= part.len() / 8;
        }
        let mut end = Vec::new();
        input.take(9).read_to_end(&mut end)?;
        if end != checksum.digest().to_le_bytes() {
            return Err(FilterError::Damaged);
        }
        Ok(Self::of_words(words, known.hashes, known.items))
    }
}

/// What stands before the words of a filter file.
struct Head {
    hashes: u32,
    bits: u64,
    items: u64,
}

impl Head {
    const BYTES: usize = 40;

    fn parse(bytes: &[u8]) -> Result<Self, FilterError> {
        if !bytes.starts_with(&FILTER_MAGIC) {
            return Err(FilterError::NotAFilter);
        }
        let bytes: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| FilterError::Damaged)?;
        let [_, version_and_hashes, bits, items, stored_probe] =
            std::array::from_fn(|n| u64::from_le_bytes(bytes.as_chunks().0[n]));
        let (version, hashes) = (version_and_hashes as u32, (version_and_hashes >> 32) as u32);
        if version != VERSION || stored_probe != probe() {
            return Err(FilterError::OtherVersion);
        }
        if check_shape(bits, hashes).is_err() || !bits.is_multiple_of(64) {
            return Err(FilterError::Damaged);
        }
        Ok(Self { hashes, bits, items })
    }
}

/// A fingerprint of how bits follow from a hash: that of a small filter of known items. A library
/// that sets other bits than the one that wrote a file would answer no for what is on the list.
fn probe() -> u64 {
    let mut filter = Filter::of_words(vec![0; 16], 7, 0);
    (0u64..24).for_each(|item| filter.insert(&item.to_le_bytes()));
    xxh3_64(&filter.words().iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::MAX_BITS;
    use proptest::prelude::*;

    fn small(items: &[&str]) -> Filter {
        let mut filter = Filter::with_bits(1000, 3).unwrap();
        items.iter().for_each(|item| filter.insert(item.as_bytes()));
        filter
    }

    fn image(filter: &Filter) -> Vec<u8> {
        let mut image = Vec::new();
        filter.write_to(&mut image).unwrap();
        image
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut bytes: Vec<u8>, begins_well: bool) {
            if begins_well {
                bytes.splice(0..0, image(&small(&[]))[..40].iter().copied());
            }
            prop_assert!(Filter::read_from(bytes.as_slice()).is_err());
        }
    }

    #[test]
    fn a_file_damaged_at_any_byte_or_cut_anywhere_is_refused() {
        let image = image(&small(&["a", "b"]));
        for at in 0..image.len() {
            let mut damaged = image.clone();
            damaged[at] ^= 0x10;
            assert!(Filter::read_from(damaged.as_slice()).is_err(), "byte {at}");
            assert!(Filter::read_from(&image[..at]).is_err(), "cut at {at}");
        }
        assert!(Filter::read_from([image.as_slice(), b"x"].concat().as_slice()).is_err(), "a byte too many");
        assert!(Filter::read_from(image.as_slice()).is_ok());
        let kind = |bytes: &[u8]| Filter::read_from(bytes).unwrap_err();
        assert!(matches!(kind(b"[{\"service\": 1}]"), FilterError::NotAFilter));
        assert!(matches!(kind(b""), FilterError::NotAFilter));
        assert!(matches!(kind(&image[..20]), FilterError::Damaged));
    }

    #[test]
    fn a_head_that_claims_much_costs_little_memory() {
        let mut image = image(&small(&[]));
        image[16..24].copy_from_slice(&MAX_BITS.to_le_bytes());
        assert!(matches!(Filter::read_from(image.as_slice()), Err(FilterError::Damaged)));
    }

    #[test]
    fn a_file_whose_bits_were_set_another_way_is_refused() {
        let mut image = image(&small(&["a"]));
        let end = image.len() - 8;
        image[32] ^= 1;
        let checksum = xxh3_64(&image[..end]).to_le_bytes();
        image[end..].copy_from_slice(&checksum);
        assert!(matches!(Filter::read_from(image.as_slice()), Err(FilterError::OtherVersion)));
    }

    #[test]
    fn the_bits_of_a_filter_file_stay_what_they_are() {
        // A change here makes every filter file out there unreadable: raise VERSION with it.
        assert_eq!(xxh3_64(&image(&small(&["HTTP Status Code: 500"]))), 7_031_790_518_268_190_468);
    }
}
