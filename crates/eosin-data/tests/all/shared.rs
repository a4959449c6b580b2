//! Real sets from the shared folder, where it is present.

use eosin_core::Seed;
use eosin_core::config::{GroupBy, StatisticsKind};
use eosin_data::{
    IngestOptions, InspectOptions, NoLedger, PixelMode, SplitOptions, channel_statistics, inspect,
    read_manifest, split,
};
use eosin_testing::shared;

#[test]
fn the_ucsb_crops_are_read_inspected_and_split_by_slide() {
    let Some(folder) = shared("data/ucsb512") else {
        return;
    };
    let manifest = read_manifest(&folder, &IngestOptions::default()).unwrap();
    assert_eq!(manifest.patches.len(), 116);
    assert_eq!(manifest.notes, ["1 column is not used: image"]);
    let decode = InspectOptions {
        decode: true,
        ..InspectOptions::default()
    };
    let found = inspect(&manifest, &decode, &NoLedger, &|_, _| {}).inspection;
    assert_eq!(found.problems, []);
    assert_eq!(
        (found.groups.slides, found.usual_size_px),
        (Some(10), Some((512, 512)))
    );
    assert!(
        found
            .images
            .iter()
            .all(|image| image.mode == PixelMode::Rgb8)
    );
    let sums: Vec<_> = found.images.iter().filter_map(|image| image.sums).collect();
    let statistics = channel_statistics(&sums, StatisticsKind::PooledPixels).unwrap();
    assert!(
        statistics
            .mean
            .iter()
            .all(|mean| (0.3..0.95).contains(mean)),
        "{statistics:?}"
    );
    let ten = SplitOptions {
        k: 10,
        seed: Seed(1),
        ..SplitOptions::default()
    };
    let (folds, _) = split(&manifest, &ten).unwrap();
    assert_eq!((folds.len(), folds.group), (10, GroupBy::Slide));
}
