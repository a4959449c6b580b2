//! Patients and slides that names of files hold.

/// What a way of naming files holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Patient,
    Slide,
}

/// How sure a way of naming is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Nothing else is named so.
    Certain,
    /// It may be chance.
    Likely,
}

/// A way of naming files.
pub(super) struct Naming {
    pub name: &'static str,
    pub holds: Holds,
    pub certainty: Certainty,
    /// The patient or slide in a file's stem.
    pub of: fn(&str) -> Option<String>,
}

/// Ways of naming, the surest first.
pub(super) const NAMINGS: &[Naming] = &[
    Naming {
        name: "BreakHis",
        holds: Holds::Patient,
        certainty: Certainty::Certain,
        of: |stem| BreakHis::parse(stem).map(|name| name.patient),
    },
    Naming {
        name: "TCGA's barcodes",
        holds: Holds::Patient,
        certainty: Certainty::Certain,
        of: tcga_patient,
    },
    Naming {
        name: "the IDC set",
        holds: Holds::Patient,
        certainty: Certainty::Certain,
        of: idc_patient,
    },
    Naming {
        name: "tiles at places of a slide",
        holds: Holds::Slide,
        certainty: Certainty::Likely,
        of: before_place,
    },
    Naming {
        name: "numbered patients",
        holds: Holds::Patient,
        certainty: Certainty::Likely,
        of: |stem| numbered(stem, &super::words::PATIENT),
    },
    Naming {
        name: "numbered slides",
        holds: Holds::Slide,
        certainty: Certainty::Likely,
        of: |stem| numbered(stem, &super::words::SLIDE),
    },
];

/// The parts of a name of `BreakHis`, such as `SOB_B_A-14-22549AB-40-001`.
pub(super) struct BreakHis {
    /// As its folders are called: `SOB_B_A_14-22549AB`.
    pub patient: String,
    /// `benign` or `malignant`.
    pub class: &'static str,
}

impl BreakHis {
    pub(super) fn parse(stem: &str) -> Option<Self> {
        let mut parts = stem.split('-');
        let (kind, year, slide) = (parts.next()?, parts.next()?, parts.next()?);
        let (magnification, number) = (parts.next()?, parts.next()?);
        let mut words = kind.split('_');
        let (procedure, class, subtype) = (words.next()?, words.next()?, words.next()?);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let sound = words.next().is_none()
            && parts.next().is_none()
            && [year, magnification, number].into_iter().all(digits)
            && ["SOB", "CNB"].contains(&procedure)
            && !subtype.is_empty()
            && !slide.is_empty();
        let class = match class {
            "B" => "benign",
            "M" => "malignant",
            _ => return None,
        };
        sound.then(|| Self {
            patient: format!("{kind}_{year}-{slide}"),
            class,
        })
    }
}

/// `TCGA-A1-A0SB` of a name that holds such a barcode.
pub(super) fn tcga_patient(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let at = upper.find("TCGA-")?;
    let barcode: Vec<&str> = upper[at..]
        .split(|c: char| !c.is_ascii_alphanumeric())
        .collect();
    match barcode.as_slice() {
        [study, site, participant, ..] if site.len() == 2 && participant.len() == 4 => {
            Some(format!("{study}-{site}-{participant}"))
        }
        _ => None,
    }
}

/// `8863` of `8863_idx5_x51_y1251_class0`.
fn idc_patient(stem: &str) -> Option<String> {
    let parts: Vec<&str> = stem.split('_').collect();
    let number = |text: &str, before: &str| {
        let digits = text.strip_prefix(before);
        digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    };
    match parts.as_slice() {
        [patient, index, x, y, class]
            if number(patient, "")
                && number(index, "idx")
                && number(x, "x")
                && number(y, "y")
                && number(class, "class") =>
        {
            Some((*patient).to_owned())
        }
        _ => None,
    }
}

/// What stands before `x12_y34` or `[x=12,y=34`.
fn before_place(stem: &str) -> Option<String> {
    let small = stem.to_ascii_lowercase();
    let bytes = small.as_bytes();
    let number_after = |at: usize| {
        let rest = &bytes[at..];
        let skip = usize::from(matches!(rest.first(), Some(b'=' | b'_' | b':' | b'-')));
        rest.get(skip).is_some_and(u8::is_ascii_digit)
    };
    let is_start = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    let x =
        (0..bytes.len()).find(|&at| bytes[at] == b'x' && is_start(at) && number_after(at + 1))?;
    let y = (x..bytes.len()).any(|at| bytes[at] == b'y' && number_after(at + 1));
    let before = stem[..x].trim_end_matches(|c: char| !c.is_alphanumeric());
    (y && !before.is_empty()).then(|| before.to_owned())
}

/// The numbered word for a patient or slide in a name: `patient_12` of `patient_12_tile_3`.
fn numbered(stem: &str, known: &super::words::WordSet) -> Option<String> {
    let words = super::words::words(stem);
    let at = words.iter().position(|word| known.has(word))?;
    let number = words
        .get(at + 1)
        .filter(|word| super::words::is_number(word))?;
    Some(format!("{}_{number}", words[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patients_are_read_out_of_names() {
        let breakhis = BreakHis::parse("SOB_B_A-14-22549AB-40-001").unwrap();
        assert_eq!(
            (breakhis.patient.as_str(), breakhis.class),
            ("SOB_B_A_14-22549AB", "benign")
        );
        assert_eq!(
            tcga_patient("x_TCGA-A1-A0SB-01Z-00-DX1_3").as_deref(),
            Some("TCGA-A1-A0SB")
        );
        assert_eq!(
            idc_patient("8863_idx5_x51_y1251_class0").as_deref(),
            Some("8863")
        );
        assert_eq!(
            before_place("slide 1 [x=0,y=512,w=96,h=96]").as_deref(),
            Some("slide 1")
        );
        assert_eq!(before_place("S7_x12_y34").as_deref(), Some("S7"));
        assert_eq!(
            numbered("patient_12_tile_3", &super::super::words::PATIENT).as_deref(),
            Some("patient_12")
        );
        for name in ["001", "exact", "x1_y2", "SOB_B_A-14", "TCGA", "färbung"] {
            let found = NAMINGS.iter().find_map(|naming| (naming.of)(name));
            assert_eq!(found, None, "{name}");
        }
    }
}
