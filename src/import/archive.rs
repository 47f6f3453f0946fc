//! Reads the directory of a zip archive: the location of each member (APPNOTE of PKWARE, with ZIP64). Members
//! are read in place, not extracted to disk.
//!
//! The crate `zip` reads members as streams; an import needs random access from several threads, and this is
//! all it takes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Maximum size of the directory: 256 MiB.
const LONGEST: u64 = 256 << 20;
/// Size of the end record and the longest comment.
const TAIL: u64 = 22 + 0xffff + 20;

/// A file in an archive.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its path within the archive, unchanged.
    pub(super) name: String,
    /// The offset of its bytes.
    pub(super) start: u64,
    /// Its compressed size.
    pub(super) length: u64,
    /// The compression method: 0 is none, 8 is Deflate, 93 is Zstandard.
    pub(super) method: u16,
    /// True if it is encrypted.
    pub(super) locked: bool,
}

/// The members of an archive, without folders.
///
/// # Errors
/// A description of the problem.
pub(super) fn members(file: &mut File) -> Result<Vec<Member>, String> {
    let broken = |e: io::Error| match e.kind() {
        io::ErrorKind::UnexpectedEof => "not a complete zip archive".to_owned(),
        _ => super::report::reason(&e),
    };
    let (count, size, offset, shift) =
        contents(file).map_err(broken)?.ok_or("not a complete zip archive")?;
    if size > LONGEST {
        return Err("a zip archive with too large a directory".into());
    }
    let mut table = Vec::new();
    file.seek(SeekFrom::Start(offset + shift)).map_err(broken)?;
    file.by_ref().take(size).read_to_end(&mut table).map_err(broken)?;
    let mut members = Vec::new();
    let mut rest = &table[..];
    for _ in 0..count {
        let Some((member, header, used)) = entry(rest) else {
            return Err("a zip archive with a corrupt directory".into());
        };
        rest = &rest[used..];
        if member.name.ends_with(['/', '\\']) {
            continue;
        }
        // The bytes begin behind the member's own header, whose length only it knows.
        let mut local = [0; 30];
        file.seek(SeekFrom::Start(header + shift)).map_err(broken)?;
        file.read_exact(&mut local).map_err(broken)?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err("not a complete zip archive".into());
        }
        let start = header + shift + 30 + u64::from(two(&local, 26)) + u64::from(two(&local, 28));
        members.push(Member { start, ..member });
    }
    Ok(members)
}

/// The number of members, the size and offset of the directory, and the number of bytes before the archive.
fn contents(file: &mut File) -> io::Result<Option<(u64, u64, u64, u64)>> {
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let Some(at) = tail.windows(4).rposition(|four| four == b"PK\x05\x06") else { return Ok(None) };
    let end = &tail[at..];
    if end.len() < 22 {
        return Ok(None);
    }
    let (count, size, offset) =
        (u64::from(two(end, 10)), u64::from(four(end, 12)), u64::from(four(end, 16)));
    let long = count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff;
    let locator =
        at.checked_sub(20).map(|at| &tail[at..]).filter(|there| there.starts_with(b"PK\x06\x07"));
    if let (true, Some(locator)) = (long, locator) {
        let mut end = [0; 56];
        file.seek(SeekFrom::Start(eight(locator, 8)))?;
        file.read_exact(&mut end)?;
        let right = end.starts_with(b"PK\x06\x06");
        return Ok(right.then(|| (eight(&end, 32), eight(&end, 40), eight(&end, 48), 0)));
    }
    let shift = (from + at as u64).checked_sub(size + offset);
    Ok(shift.map(|shift| (count, size, offset, shift)))
}

/// An entry of the directory: the member, the offset of its header, and the size of the entry.
fn entry(bytes: &[u8]) -> Option<(Member, u64, usize)> {
    if bytes.len() < 46 || !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, extra, remark) =
        (two(bytes, 28) as usize, two(bytes, 30) as usize, two(bytes, 32) as usize);
    let used = 46 + name + extra + remark;
    if bytes.len() < used {
        return None;
    }
    let mut length = u64::from(four(bytes, 20));
    let mut header = u64::from(four(bytes, 42));
    let mut fields = &bytes[46 + name..46 + name + extra];
    while fields.len() >= 4 {
        let end = 4 + two(fields, 2) as usize;
        let field = fields.get(..end)?;
        if two(field, 0) == 1 {
            // Values that do not fit in four bytes follow here, in this order.
            let mut wide = field[4..].chunks_exact(8).map(|bytes| eight(bytes, 0));
            if four(bytes, 24) == u32::MAX {
                wide.next();
            }
            if four(bytes, 20) == u32::MAX {
                length = wide.next()?;
            }
            if four(bytes, 42) == u32::MAX {
                header = wide.next()?;
            }
        }
        fields = &fields[end..];
    }
    let member = Member {
        name: String::from_utf8_lossy(&bytes[46..46 + name]).into_owned(),
        start: 0,
        length,
        method: two(bytes, 10),
        locked: two(bytes, 8) & 1 == 1,
    };
    Some((member, header, used))
}

fn two(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn four(bytes: &[u8], at: usize) -> u32 {
    u32::from(two(bytes, at)) | u32::from(two(bytes, at + 2)) << 16
}

fn eight(bytes: &[u8], at: usize) -> u64 {
    u64::from(four(bytes, at)) | u64::from(four(bytes, at + 4)) << 32
}
