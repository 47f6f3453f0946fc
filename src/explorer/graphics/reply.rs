//! Replies of terminals.

/// The id of the only image, also used in the query for support.
pub const IMAGE: u32 = 7_105_645;

/// The reply to a query of [`super::survey`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Whether it supports kitty graphics.
    Kitty(bool),
    /// Its name and version (XTVERSION).
    Name(String),
    /// Width and height of a cell, in pixels.
    Cell(u16, u16),
    /// Width and height of the window, in pixels.
    Window(u16, u16),
    /// The number of color registers for sixels.
    Colors(usize),
    /// The maximum size of a sixel picture, in pixels.
    Largest(u32, u32),
    /// Its primary attributes: whether it supports sixels. Every terminal replies to this.
    Attributes { sixel: bool },
    /// It has processed everything before the query.
    Ready,
}

impl Reply {
    /// Parses `ESC [ body last`.
    pub fn csi(body: &[u8], last: u8) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        match last {
            b'c' => {
                let attributes = text.strip_prefix('?')?.split(';');
                // The first one is the class of the terminal.
                Some(Self::Attributes { sixel: attributes.skip(1).any(|one| one == "4") })
            }
            b't' => {
                let numbers: Vec<u16> =
                    text.split(';').map(|n| n.parse().ok()).collect::<Option<_>>()?;
                match numbers[..] {
                    [6, height, width] if width > 0 && height > 0 => {
                        Some(Self::Cell(width, height))
                    }
                    [4, height, width] if width > 0 && height > 0 => {
                        Some(Self::Window(width, height))
                    }
                    _ => None,
                }
            }
            b'S' => {
                let numbers = text.strip_prefix('?')?.split(';').map(|n| n.parse::<u32>().ok());
                match numbers.collect::<Option<Vec<_>>>()?[..] {
                    [1, 0, colors] => Some(Self::Colors(colors as usize)),
                    [2, 0, width, height] => Some(Self::Largest(width, height)),
                    _ => None,
                }
            }
            b'n' if text == "0" => Some(Self::Ready),
            _ => None,
        }
    }

    /// Parses a control string that starts with ESC and the byte `first`.
    pub fn string(first: u8, body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        match first {
            b'_' => {
                let (keys, message) = text.strip_prefix('G')?.split_once(';')?;
                let id = format!("i={IMAGE}");
                keys.split(',').any(|key| key == id).then(|| Self::Kitty(message == "OK"))
            }
            b'P' => Some(Self::Name(text.strip_prefix(">|")?.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_parsed() {
        let sixel = |sixel| Some(Reply::Attributes { sixel });
        assert_eq!(Reply::csi(b"?62;4;22", b'c'), sixel(true));
        assert_eq!(Reply::csi(b"?64;1;2;6;22", b'c'), sixel(false));
        assert_eq!(Reply::csi(b"?4", b'c'), sixel(false), "a class is no attribute");
        assert_eq!(Reply::csi(b">41;390;0", b'c'), None);
        assert_eq!(Reply::csi(b"6;20;10", b't'), Some(Reply::Cell(10, 20)));
        assert_eq!(Reply::csi(b"4;840;1400", b't'), Some(Reply::Window(1400, 840)));
        assert_eq!(Reply::csi(b"6;0;0", b't'), None);
        assert_eq!(Reply::csi(b"8;36;120", b't'), None);
        assert_eq!(Reply::csi(b"?1;0;256", b'S'), Some(Reply::Colors(256)));
        assert_eq!(Reply::csi(b"?2;0;1000;900", b'S'), Some(Reply::Largest(1000, 900)));
        assert_eq!(Reply::csi(b"?2;3;0", b'S'), None);
        assert_eq!(Reply::csi(b"0", b'n'), Some(Reply::Ready));
        let kitty = |message: &str| Reply::string(b'_', format!("Gi={IMAGE};{message}").as_bytes());
        assert_eq!(kitty("OK"), Some(Reply::Kitty(true)));
        assert_eq!(kitty("ENOTSUPPORTED:no"), Some(Reply::Kitty(false)));
        assert_eq!(Reply::string(b'_', b"Gi=31;OK"), None, "another program's");
        assert_eq!(Reply::string(b'P', b">|foot(1.18)"), Some(Reply::Name("foot(1.18)".into())));
        assert_eq!(Reply::string(b']', b"11;rgb:0/0/0"), None);
    }
}
