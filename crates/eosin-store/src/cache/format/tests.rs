//! Every byte of a records file is under a checksum.

use proptest::prelude::*;

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef";

fn layout(width: usize, dtype: CacheDtype) -> Layout {
    Layout { width, dtype }
}

proptest! {
    #[test]
    fn a_payload_stays_aligned_and_within_its_record(width in 1_usize..3000, half in any::<bool>()) {
        let layout = layout(width, if half { CacheDtype::F16 } else { CacheDtype::F32 });
        prop_assert_eq!(layout.stride() % ALIGN, 0);
        let payload = layout.payload();
        prop_assert_eq!(payload.start % 16, 0);
        prop_assert!(payload.end + CHECKSUM_BYTES <= layout.stride());
        prop_assert_eq!(Layout::from_header(&layout.header(ID), ID), Ok(layout));
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_header_is_detected() {
    let header = layout(7, CacheDtype::F32).header(ID);
    for bit in 0..HEADER_BYTES * 8 {
        let mut bad = header;
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(Layout::from_header(&bad, ID).is_err(), "bit {bit}");
    }
    assert!(Layout::from_header(&header[..63], ID).is_err());
    let other = ID.replace('0', "f");
    let error = Layout::from_header(&header, &other).unwrap_err();
    assert_eq!(error, "it belongs to another entry");
}

#[test]
fn a_flipped_bit_anywhere_in_a_record_is_detected() {
    let layout = layout(24, CacheDtype::F16);
    let mut record = Vec::new();
    let key = ViewKey {
        image: [9; 32],
        view: 7,
    };
    layout.encode(&key, &[0.5; 24], &mut record).unwrap();
    assert_eq!(record.len(), layout.stride());
    assert_eq!(check_record(&record), (key, true));
    for bit in 0..record.len() * 8 {
        record[bit / 8] ^= 1 << (bit % 8);
        assert!(!check_record(&record).1, "bit {bit}");
        record[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_value_that_the_dtype_cannot_keep_is_refused_with_the_fix() {
    let key = ViewKey::first([1; 32]);
    let mut values = vec![0.5; 8];
    values[3] = 70_000.0;
    let mut out = Vec::new();
    let half = layout(8, CacheDtype::F16).encode(&key, &values, &mut out);
    let error = half.unwrap_err().to_string();
    assert!(
        error.contains("holds 70000, which f16 cannot keep; set cache.dtype"),
        "{error}"
    );
    let single = layout(8, CacheDtype::F32);
    single.encode(&key, &values, &mut out).unwrap();
    values[3] = f32::NAN;
    let error = single.encode(&key, &values, &mut out).unwrap_err();
    assert!(error.to_string().contains("check the backbone's weights"));
}
