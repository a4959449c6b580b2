//! Words that names of folders and columns are made of, in the languages that data sets come in.
//! Accents, case and Unicode form do not matter.

/// The part that is trained on.
pub(super) const TRAIN: &[&str] = &[
    "train trn training trained trainings learn learning fit treino treinamento treinar",
    "entrenamiento entrainement apprentissage addestramento allenamento lernen lern traening",
    "träning trening treningowy treningowe uczący uczenie trénink tréning egitim eğitim",
    "обучение обучающая обучающие обучающий тренировочная тренировочные тренировка трейн",
    "训练 训练集 訓練 訓練集 学習 학습 훈련 تدريب आموزش प्रशिक्षण huấnluyện latihan koulutus opetus",
];

/// The part that models are picked by.
pub(super) const VAL: &[&str] = &[
    "val valid validation validate validating dev tuning tune validierung validierungs valida",
    "validacion validacao validatie validering convalida validazione walidacja walidacyjny",
    "walidacyjne validace validointi dogrulama doğrulama geçerleme",
    "валидация валидационная валидационные проверочная проверка",
    "验证 验证集 驗證 驗證集 検証 검증 تحقق kiểmđịnh validasi",
];

/// The part that is held out.
pub(super) const TEST: &[&str] = &[
    "test tst testing tests tested holdout heldout unseen eval evaluation evaluate teste prueba",
    "pruebas essai prova collaudo prüfung pruefung testen testowy testowe testovací testing",
    "тест тестовая тестовые тестовый тестирование",
    "测试 测试集 測試 測試集 テスト 評価 테스트 시험 평가 اختبار परीक्षण kiểmtra uji sınama testi",
];

/// Words that stand beside the telling one.
pub(super) const NEUTRAL: &[&str] = &[
    "set sets data dataset datasets image images img imgs im patch patches tile tiles split part",
    "folder subset png jpg jpeg tif tiff the of for and de la el le les des du di da do dos",
    "daten datensatz bilder bild menge conjunto datos imagenes imagens dados ensemble jeu donnees",
    "dati insieme immagini dane zbiór zbior obrazy данные выборка набор изображения",
    "集 数据 数据集 資料 图像 圖像 データ 用 画像 데이터 세트 veri seti küme",
];

/// Ends that are glued to the telling word.
pub(super) const GLUED_ENDS: &[&str] = &[
    "dataset",
    "datensatz",
    "images",
    "patches",
    "daten",
    "tiles",
    "bilder",
    "data",
    "imgs",
    "img",
    "split",
    "menge",
    "sets",
    "set",
    "数据集",
    "数据",
    "データ",
    "用",
    "集",
];

/// What is drawn on pictures.
pub(super) const ANNOTATION: &[&str] = &[
    "mask masks label labels annotation annotations annotated overlay overlays segmentation",
    "segmentations segmented segm seg segs contour contours gt gts ground truth groundtruth",
    "binary binaries json xml geojson maske masken masque masques mascara mascaras",
    "máscara máscaras 掩膜 标注 マスク",
];

/// What tables of labels are called.
pub(super) const LABELLING: &[&str] = &[
    "label labels labelled labeled manifest class classes diagnosis diagnoses target targets truth",
    "gt annotation annotations klassen diagnosen etiquetas etiquettes 标签 ラベル метки",
];

/// One of several folds.
pub(super) const FOLD: &[&str] =
    &["fold folds kfold cv split partition crossval subset pli pliegue falte dobra 折 фолд"];

/// The patient.
pub(super) const PATIENT: &[&str] = &[
    "patient patients pat pt pid subject subjects subj sub case cases fall caso casos cas donor",
    "person participant mrn paciente pacientes paziente pacjent patiente hasta пациент пациентка",
    "случай больной 患者 病人 病例 症例 환자 مريض",
];

/// The slide.
pub(super) const SLIDE: &[&str] = &[
    "slide slides wsi sld lame lamina laminas objektträger preparat präparat praeparat scan",
    "svs ndpi 切片 玻片 スライド 슬라이드 стекло слайд vetrino portaobjetos",
];

/// Anything else that is numbered and keeps patches together.
pub(super) const GROUP: &[&str] = &[
    "roi core tma block specimen sample biopsy section region field fov batch center centre",
    "hospital site clinic scanner lab institute zentrum klinik hopital ospedale больница 医院 病院",
];

/// Numbered words that are classes.
pub(super) const GRADE: &[&str] = &[
    "grade grades stage isup gleason class classe klasse clase label type typ tipo typus category",
    "cat score level cluster her g bi rads birads status risk 级 级别 类 クラス класс стадия степень",
];

/// Whole words for classes.
pub(super) const CLASS: &[&str] = &[
    "aca scc adc dcis lcis idc ilc bcc cll fl mcl dlbcl gbm gist msi mss msimut mt wt pos neg",
    "adi back deb lym muc mus norm str tum benin malin sano sana sain gut rak nowotwór yes no true",
    "false debris fat fett adipose muscle mucus mucosa polyp polyps nevus naevus mitosis mitoses",
    "insitu invasive epithelium epithelial gland glands stroma background tissue blood bg ulcer",
    "норма рак опухоль доброкачественный злокачественный 良性 恶性 惡性 悪性 正常 肿瘤 腫瘍 癌 异常 異常",
    "양성 악성 정상 암 종양 حميد خبيث iyihuylu kötühuylu lymphocyte lymphocytes plasma macrophage",
];

/// Beginnings and parts of words for classes.
pub(super) const CLASS_ROOTS: &[&str] = &[
    "benign malign tumor tumour carcinom adenom adenos normal cancer krebs kanker metasta neoplas",
    "hyperplas dysplas lymphom necro nekro sarcom melanom gutartig bösartig boesartig positiv",
    "negativ healthy gesund tumeur inflam fibroad fibrosis phyllodes ductal lobular mucinous papillar",
    "tubular serrated keratos glioma blastom leukem leukaem leukäm seminom granulom cirrhos infect",
    "доброкач злокач опухол нормальн",
];

/// Organs and tissues that a set may be divided by.
pub(super) const ORGAN: &[&str] = &[
    "colon lung breast stomach gastric kidney renal liver hepatic prostate skin brain ovary ovarian",
    "cervix cervical uterus thyroid pancreas pancreatic bladder esophagus oesophagus oral bone",
    "marrow spleen rectum colorectal intestine lymphnode endometrium testis eye tongue larynx",
    "brust lunge niere leber magen haut gehirn darm mama pulmón pulmon pulmao sein poumon rein foie",
    "mammella polmone rene fegato stomaco pele piel riñón hígado estómago 肺 乳腺 结肠 胃 肝 肾 皮肤 脑",
    "лёгкое легкое печень почка желудок кожа мозг",
];

/// What work leaves behind, which is no class.
pub(super) const WORK: &[&str] = &[
    "result results figure figures fig figs plot plots output outputs log logs prediction predictions",
    "pred preds heatmap heatmaps thumbnail thumbnails thumb thumbs preview previews screenshot",
    "screenshots tmp temp backup backups checkpoint checkpoints model models notebook notebooks",
    "script scripts doc docs report reports trash run runs ergebnis ergebnisse resultados resultats",
];

/// What stands where nothing is known.
pub(super) const UNKNOWN: &[&str] = &[
    "na n/a n.a n.a. nan -nan none null nil nul unknown unk missing undefined unlabeled unlabelled",
    "#na #n/a #n/v #nv #null! notavailable notapplicable notknown unspecified unbekannt k.a k.a.",
    "keineangabe desconocido desconhecido inconnu sconosciuto ignoto nieznany неизвестно нет未知 未知",
    "不明 不详 n.d. 1.#qnan tbd",
];
