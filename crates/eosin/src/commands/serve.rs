//! `eosin serve`: a run over HTTP.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Result;
use eosin_data::Resize;
use eosin_run::config_of_run;
use eosin_serve::{Limits, Listening, ServedRun, serve};
use eosin_store::RunFolder;

use crate::args::ServeArgs;
use crate::interrupt;
use crate::output::{note, say, say_json};

/// Where the secret is looked for, unless it was typed.
const TOKEN: &str = "EOSIN_TOKEN";

/// Listens until Ctrl-C.
///
/// # Errors
/// When the run cannot be loaded or the address not be listened on.
pub fn run(args: &ServeArgs, json: bool) -> Result<ExitCode> {
    let of_environment = std::env::var(TOKEN).ok();
    let token = args.token.as_deref().or(of_environment.as_deref());
    let listening = Listening::on(SocketAddr::new(args.host, args.port), token)?;
    let filter = config_of_run(&RunFolder::open(&args.run)?)?.data.resize;
    let resize = args.resize.map(|non_square| Resize { filter, non_square });
    let served = ServedRun::load(&args.run, resize)?;
    let stop = interrupt::flag()?;
    let address = listening.address();
    if json {
        say_json(&serde_json::json!({ "address": address.to_string(), "model": served.model }))?;
    } else {
        say(&format!(
            "{} answers at http://{address}",
            args.run.display()
        ));
        say(&format!(
            "try: curl -F images=@patch.png http://{address}/predict"
        ));
    }
    serve(listening, served, Limits::default(), stop)?;
    note("stopped");
    Ok(ExitCode::SUCCESS)
}
