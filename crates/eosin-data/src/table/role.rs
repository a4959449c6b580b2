//! What a column is about, by the names that people give it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::ingest::plain_words;

/// Other names for `path`, words joined by `_`, the likeliest first.
const PATH: &[&str] = &[
    "file_path filepath image_path img_path patch_path tile_path file_name filename fname file",
    "image_name img_name imagename image_file image img image_id img_id imageid patch patch_id",
    "patch_name tile tile_id id name datei dateiname pfad bild fichier chemin archivo ruta",
    "imagen arquivo imagem percorso immagine файл путь 文件名 文件 路径 图像 ファイル 画像",
];

/// Other names for `label`, words joined by `_`, the likeliest first.
const LABEL: &[&str] = &[
    "class class_name label_name target category diagnosis truth ground_truth gt y y_true cls",
    "klasse diagnose classe diagnostic etiquette clase etiqueta diagnostico etichetta класс",
    "метка диагноз 标签 类别 诊断 ラベル クラス",
];

/// Other names for `patient`, words joined by `_`, the likeliest first.
const PATIENT: &[&str] = &[
    "patient_id patientid patient_name patient_no pat_id pid subject subject_id case case_id",
    "caseid donor donor_id paciente paziente пациент 患者 病人 病例 症例",
];

/// Other names for `slide`, words joined by `_`, the likeliest first.
const SLIDE: &[&str] =
    &["slide_id slideid slide_name wsi wsi_id wsi_name objekttrager lame 切片 スライド слайд"];

/// Other names for `group`, words joined by `_`, the likeliest first.
const GROUP: &[&str] = &["group_id groups gruppe groupe grupo gruppo"];

/// Other names for `split`, words joined by `_`, the likeliest first.
const SPLIT: &[&str] = &["part partition subset set phase usage data_split teil"];

/// Other names for `fold`, words joined by `_`, the likeliest first.
const FOLD: &[&str] = &["fold_id fold_no fold_number fold_index folds kfold k_fold cv_fold"];

/// Other names for `site`, words joined by `_`, the likeliest first.
const SITE: &[&str] = &[
    "site_id site_name centre center centre_id center_id hospital hospital_id institution institute",
    "clinic source source_site lab laboratory scanner scanner_id klinik zentrum labor hopital 医院 病院",
];

/// What a column is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What predictions call a patch.
    Key,
    /// The image.
    Path,
    /// The class.
    Label,
    /// The patient.
    Patient,
    /// The slide.
    Slide,
    /// Anything else that may not be on both sides of a split.
    Group,
    /// Train, val or test.
    Split,
    /// The fold that validates on it.
    Fold,
    /// The hospital, laboratory or scanner that it comes from.
    Site,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::Key,
        Self::Path,
        Self::Label,
        Self::Patient,
        Self::Slide,
        Self::Group,
        Self::Split,
        Self::Fold,
        Self::Site,
    ];

    /// The column's proper name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Path => "path",
            Self::Label => "label",
            Self::Patient => "patient",
            Self::Slide => "slide",
            Self::Group => "group",
            Self::Split => "split",
            Self::Fold => "fold",
            Self::Site => "site",
        }
    }

    /// Other names for it, the likeliest first.
    fn others(self) -> impl Iterator<Item = &'static str> {
        let lines: &[&str] = match self {
            Self::Key => &[],
            Self::Path => PATH,
            Self::Label => LABEL,
            Self::Patient => PATIENT,
            Self::Slide => SLIDE,
            Self::Group => GROUP,
            Self::Split => SPLIT,
            Self::Fold => FOLD,
            Self::Site => SITE,
        };
        lines.iter().flat_map(|line| line.split(' '))
    }
}

/// A name in plain form.
pub(super) fn joined(name: &str) -> String {
    plain_words(name).join("_")
}

/// Other names of every role in plain form, the likeliest first.
pub(super) static OTHERS: LazyLock<BTreeMap<Role, Vec<String>>> = LazyLock::new(|| {
    let others = |role: Role| (role, role.others().map(joined).collect());
    Role::ALL.into_iter().map(others).collect()
});

/// Whether a column has a meaning here.
pub(super) fn is_known(name: &str) -> bool {
    let name = joined(name);
    let is_role =
        |(role, others): (&Role, &Vec<String>)| name == role.name() || others.contains(&name);
    name.starts_with("prob_") || OTHERS.iter().any(is_role)
}
