//! Which HTTP statuses are a success and which are a failure.

use std::str::FromStr;

/// A set of HTTP statuses, written as `2xx,304,500-503`.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusSet {
    /// Bit `code % 64` of word `code / 64`.
    bits: [u64; 16],
}

impl std::fmt::Debug for StatusSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries((100..1000).filter(|code| self.contains(*code))).finish()
    }
}

impl StatusSet {
    /// The statuses from the least to the greatest, as stretches without a gap, both ends included.
    pub fn ranges(&self) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for code in (100..1000).filter(|code| self.contains(*code)) {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == code => *last = code,
                _ => ranges.push((code, code)),
            }
        }
        ranges
    }

    pub fn contains(&self, code: u16) -> bool {
        self.bits.get(usize::from(code / 64)).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }
}

impl FromStr for StatusSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a list of statuses; write it as `2xx,304,500-503`");
        let mut bits = [0; 16];
        for part in text.split(',').map(str::trim) {
            let (low, high) = match (part.split_once('-'), part.strip_suffix("xx")) {
                (Some((low, high)), _) => {
                    (low.trim().parse().map_err(|_| wrong())?, high.trim().parse().map_err(|_| wrong())?)
                }
                (None, Some(class)) => {
                    let class: u16 = class.parse().map_err(|_| wrong())?;
                    (class.saturating_mul(100), class.saturating_mul(100).saturating_add(99))
                }
                (None, None) => {
                    let code: u16 = part.parse().map_err(|_| wrong())?;
                    (code, code)
                }
            };
            if low > high || low < 100 || high > 999 {
                return Err(wrong());
            }
            for code in low..=high {
                bits[usize::from(code / 64)] |= 1 << (code % 64);
            }
        }
        Ok(Self { bits })
    }
}

/// What counts as a success and as a failure; a status may be neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    pub success: StatusSet,
    pub failure: StatusSet,
}

impl Default for Outcomes {
    /// 2xx is a success, 4xx and 5xx are failures.
    fn default() -> Self {
        Self { success: "2xx".parse().expect("a sound list"), failure: "4xx,5xx".parse().expect("a sound list") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_classes_codes_and_ranges() {
        let set: StatusSet = "2xx, 304,500-503".parse().unwrap();
        let codes: Vec<u16> = (0..=u16::MAX).filter(|code| set.contains(*code)).collect();
        let expected: Vec<u16> = (200..300).chain([304]).chain(500..=503).collect();
        assert_eq!(codes, expected);
        assert_eq!(set.ranges(), [(200, 299), (304, 304), (500, 503)]);
        for bad in ["", "2x", "xx", "0xx", "99", "1000", "503-500", "200,,300", "ok"] {
            assert!(bad.parse::<StatusSet>().is_err(), "{bad}");
        }
    }
}
