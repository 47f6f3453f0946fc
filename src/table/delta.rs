//! How many texts a page of Parquet says that it holds, where they are packed by what they share with the
//! text before: the crate `parquet` makes room for so many before it sees that they are not there.

/// True if the lengths in a page are more than `most`. `prefixes` if those of shared beginnings stand before
/// them.
pub(super) fn too_many(mut values: &[u8], prefixes: bool, most: u64) -> bool {
    for _ in 0..=usize::from(prefixes) {
        match after(values, most) {
            Ok(rest) => values = rest,
            Err(Fault::TooMany) => return true,
            // That the crate finds out by itself.
            Err(Fault::Broken) => return false,
        }
    }
    false
}

enum Fault {
    TooMany,
    Broken,
}

/// What stands behind a run of numbers.
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

/// A number of seven bits a byte, the lowest first.
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
    fn counts_are_seen_before_there_is_room_for_them() {
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
