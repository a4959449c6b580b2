//! What the README says of the configuration.

use eosin_core::Config;

#[test]
fn the_readme_lists_every_default() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let block = readme.split_once("```toml\n").expect("a block of TOML").1;
    let block = block.split_once("```").expect("its end").0;
    let listed: toml::Table = block.parse().expect("TOML");
    let defaults: toml::Table = Config::default().to_toml().parse().expect("TOML");
    assert_eq!(listed, defaults);
    Config::from_toml(block).expect("a configuration");
}
