//! Whether a JPEG stream reaches its end marker.
//!
//! Decoders fill the missing part of a cut-off JPEG with grey and report success, which would
//! train on grey; so the markers are walked here instead.

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// True when an end-of-image marker follows the last scan.
pub(super) fn reaches_end(bytes: &[u8]) -> bool {
    let mut at = 2; // behind the start-of-image marker
    loop {
        // Any number of 0xff may pad a marker.
        let Some(marker) = next_marker(bytes, &mut at) else {
            return false;
        };
        match marker {
            END_OF_IMAGE => return true,
            // Markers without a length: restarts, TEM, a stuffed zero.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = bytes.get(at..at + 2) else {
                    return false;
                };
                at += usize::from(length[0]) << 8 | usize::from(length[1]);
                if marker == START_OF_SCAN {
                    skip_scan(bytes, &mut at);
                }
            }
        }
    }
}

fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    let start = *at + bytes.get(*at..)?.iter().position(|&byte| byte == 0xff)?;
    let pad = bytes[start..].iter().position(|&byte| byte != 0xff)?;
    *at = start + pad + 1;
    bytes.get(start + pad).copied()
}

/// Moves to the first marker that is neither stuffing nor a restart.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while *at + 1 < bytes.len() {
        let is_marker = bytes[*at] == 0xff;
        if is_marker && !matches!(bytes[*at + 1], 0x00 | 0xd0..=0xd7 | 0xff) {
            return;
        }
        *at += 1;
    }
    *at = bytes.len();
}

#[cfg(test)]
mod tests {
    use super::reaches_end;

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        let segment = [0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9];
        assert!(!reaches_end(&segment));
        assert!(reaches_end(&[&segment[..], &[0xff, 0xd9]].concat()));
    }

    #[test]
    fn a_scan_ends_at_its_first_real_marker() {
        let scan = [0xff, 0xd8, 0xff, 0xda, 0, 2, 7, 0xff, 0, 0xff, 0xd3, 9];
        assert!(!reaches_end(&scan));
        assert!(reaches_end(&[&scan[..], &[0xff, 0xff, 0xd9]].concat()));
    }
}
