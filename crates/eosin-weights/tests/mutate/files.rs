//! Files taken apart and put together again.

/// The parts of a file that are mutated one by one.
#[derive(Clone)]
pub enum Parts {
    /// Entries of an archive, by name.
    Zip(Vec<(String, Vec<u8>)>),
    /// Header and body.
    Safetensors(Vec<u8>, Vec<u8>),
    /// Not taken apart.
    Other,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; N] = bytes.get(at..at + N)?.try_into().ok()?;
    let mut wide = [0; 8];
    wide[..N].copy_from_slice(&bytes);
    Some(usize::from_le_bytes(wide))
}

pub fn taken_apart(bytes: &[u8]) -> Parts {
    if bytes.starts_with(b"PK\x03\x04") {
        return entries(bytes).map_or(Parts::Other, Parts::Zip);
    }
    let parts = || {
        let header = number::<8>(bytes, 0)?;
        (bytes.get(8) == Some(&b'{')).then_some(())?;
        let end = 8_usize.checked_add(header)?;
        Some((bytes.get(8..end)?.to_vec(), bytes[end..].to_vec()))
    };
    parts().map_or(Parts::Other, |(header, body)| {
        Parts::Safetensors(header, body)
    })
}

fn entries(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let end = bytes
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")?;
    let mut at = number::<4>(bytes, end + 16)?;
    let mut entries = Vec::new();
    while bytes.get(at..at + 4)? == b"PK\x01\x02" {
        let (length, name) = (number::<4>(bytes, at + 24)?, number::<2>(bytes, at + 28)?);
        let (extra, local) = (number::<2>(bytes, at + 30)?, number::<4>(bytes, at + 42)?);
        let begin = local + 30 + number::<2>(bytes, local + 26)? + number::<2>(bytes, local + 28)?;
        let text = String::from_utf8(bytes.get(at + 46..at + 46 + name)?.to_vec()).ok()?;
        entries.push((text, bytes.get(begin..begin + length)?.to_vec()));
        at += 46 + name + extra;
    }
    Some(entries)
}

pub fn joined(parts: &Parts) -> Vec<u8> {
    match parts {
        Parts::Zip(entries) => zipped(entries),
        Parts::Safetensors(header, body) => {
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend(header);
            bytes.extend(body);
            bytes
        }
        Parts::Other => Vec::new(),
    }
}

/// An archive with these entries as they are.
fn zipped(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let small = |number: usize| {
        u32::try_from(number)
            .expect("fixtures are small")
            .to_le_bytes()
    };
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let (length, name_length) = (small(content.len()), small(name.len()));
        let mut common = vec![0; 12];
        common.extend([length, length].concat());
        common.extend(&name_length[..2]);
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\0\0\0\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(small(bytes.len()));
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04\0\0");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
    }
    let (begin, length, count) = (
        small(bytes.len()),
        small(directory.len()),
        small(entries.len()),
    );
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([&count[..2], &count[..2], &length, &begin, &[0, 0]].concat());
    bytes
}
