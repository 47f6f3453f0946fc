//! The number of texts that a delta-encoded page of Parquet claims to hold: the crate `parquet` allocates for
//! that number before it notices that they are missing.

/// True if the page claims more than `most` lengths. With `prefixes`, the lengths of shared prefixes come
/// first.
pub(super) fn too_many(mut values: &[u8], prefixes: bool, most: u64) -> bool {
    for _ in 0..=usize::from(prefixes) {
        match after(values, most) {
            Ok(rest) => values = rest,
            Err(Fault::TooMany) => return true,
            // The crate detects that itself.
            Err(Fault::Broken) => return false,
        }
    }
    false
}

enum Fault {
    TooMany,
    Broken,
}

/// The bytes after a run of numbers.
fn after(mut bytes: &[u8], most: u64) -> Result<&[u8], Fault> {
    let block = number(&mut bytes)?;
    let parts = number(&mut bytes)?;
    let all = number(&mut bytes)?;
    number(&mut bytes)?;
    if all > most {
        return Err(Fault::TooMany);
    }
    let each = block.checked_div(parts).filter(|each| *each > 0).ok_or(Fault::Broken)?;
    let mut left = all.saturating_sub(1);
    while left > 0 {
        number(&mut bytes)?;
        let parts = usize::try_from(parts).map_err(|_| Fault::Broken)?;
        let (widths, mut rest) = bytes.split_at_checked(parts).ok_or(Fault::Broken)?;
        for width in widths {
            if left == 0 {
                break;
            }
            let length = usize::try_from(u64::from(*width).saturating_mul(each) / 8);
            let length = length.map_err(|_| Fault::Broken)?;
            rest = rest.get(length..).ok_or(Fault::Broken)?;
            left = left.saturating_sub(each);
        }
        bytes = rest;
    }
    Ok(bytes)
}

/// A variable-length integer (LEB128).
fn number(bytes: &mut &[u8]) -> Result<u64, Fault> {
    let mut number = 0;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first().ok_or(Fault::Broken)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Fault::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_checked_before_memory_is_allocated() {
        // Blocks of 128 numbers in 4 parts; 3 numbers, the first is 1; one block, of 2 bits a number.
        let run = |all: &[u8]| {
            let block = [&[0][..], &[2, 0, 0, 0], &[0b1001; 8]].concat();
            [&[0x80, 1, 4], all, &[2], &block].concat()
        };
        let (few, many) = (run(&[3]), run(&[0xff, 0xff, 0xff, 0xff, 0x7f]));
        for (values, prefixes, wanted) in [
            (few.clone(), false, false),
            (many.clone(), false, true),
            ([few.clone(), few.clone()].concat(), true, false),
            ([few.clone(), many.clone()].concat(), true, true),
            ([few.clone(), many].concat(), false, false),
            (few[..9].to_vec(), true, false),
            (Vec::new(), true, false),
        ] {
            assert_eq!(too_many(&values, prefixes, 1000), wanted, "{values:?}");
        }
        assert!(too_many(&few, false, 2));
    }
}
