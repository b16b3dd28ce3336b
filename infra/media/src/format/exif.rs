//! The one thing of EXIF that pictures need: which way is up (tag 0x0112 of EXIF 2.32, a TIFF structure).

/// The tag "Orientation".
const ORIENTATION: u16 = 0x0112;

/// The type "SHORT".
const SHORT: u16 = 3;

/// The orientation, 1 to 8, of a TIFF structure. Damaged structures have none.
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = *tiff.get(at..)?.first_chunk()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let entry = (0..entries)
        .map(|index| directory.saturating_add(2 + index * 12))
        .find(|at| short(*at) == Some(ORIENTATION) && short(*at + 2) == Some(SHORT))?;
    u8::try_from(short(entry + 8)?).ok().filter(|turn| (1..=8).contains(turn))
}

/// A TIFF structure that says nothing but the orientation.
pub(super) fn only(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01".to_vec();
    for number in [ORIENTATION, SHORT, 0, 1, u16::from(orientation), 0, 0, 0] {
        tiff.extend_from_slice(&number.to_be_bytes());
    }
    tiff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orientation_reads_back() {
        for turn in 1..=8 {
            assert_eq!(orientation(&only(turn)), Some(turn));
        }
    }

    #[test]
    fn both_byte_orders_are_read() {
        let little =
            b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(orientation(little), Some(6));
    }

    #[test]
    fn a_damaged_structure_has_no_orientation() {
        let good = only(6);
        for length in 0..20 {
            assert_eq!(orientation(&good[..length]), None, "{length}");
        }
        assert_eq!(orientation(&only(0)), None);
        assert_eq!(orientation(&only(9)), None);
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff\xff\xff"), None);
    }
}
