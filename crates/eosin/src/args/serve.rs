//! What can be typed behind `eosin serve`.

use std::net::IpAddr;
use std::path::PathBuf;

use eosin_core::config::ResizePolicy;

/// `eosin serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Run folder.
    pub run: PathBuf,
    /// Address to listen on; others than this machine's want '--token'.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Secret of at least 16 characters that whoever asks has to bring; better set in the
    /// environment as `EOSIN_TOKEN`, which other users of the machine do not see.
    #[arg(long, value_name = "SECRET")]
    pub token: Option<String>,
    /// Bring images of another size to that of the run: square (only square ones), stretch, pad.
    #[arg(long, value_name = "POLICY")]
    pub resize: Option<ResizePolicy>,
}
