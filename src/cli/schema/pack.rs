//! `gitfabric schema pack`: a folder of `.yang` files to a pack.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use crate::diagnostic::{Findings, draw};
use crate::names::RepoPath;
use crate::platform::arista_eos;
use crate::yang::schema::{make, pack};

/// Make a schema pack of a vendor's YANG files.
///
/// DIR holds the `.yang` files; `load-order.txt`, the modules that the device implements,
/// one file's name a line (what they import is found by itself); and, if the vendor
/// publishes one, `pathreport.csv` with the access of each path. Equal files give equal
/// packs, to the byte.
///
/// A fault in the files is shown and the rest is taken all the same. Errors (text that is
/// no YANG, a missing module, definitions in a circle) give no pack.
#[derive(Debug, clap::Args)]
#[command(disable_version_flag = true)]
pub(super) struct Args {
    /// The folder with the files
    dir: PathBuf,
    /// The network OS, such as arista-eos
    #[arg(long, value_name = "OS")]
    platform: String,
    /// The version of the network OS, such as 4.35.0F
    #[arg(long)]
    version: String,
    /// Take no nodes from this module, only its types and identities; may be repeated
    #[arg(long, value_name = "MODULE")]
    import_only: Vec<String>,
    /// Write the pack to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let files = yang_files(&args.dir)?;
    let load_order = read(&args.dir.join("load-order.txt"))?;
    let report = args.dir.join("pathreport.csv");
    let report = report.is_file().then(|| read(&report)).transpose()?;
    let of_platform = if args.platform == arista_eos::OS { arista_eos::pack::IMPORT_ONLY } else { &[] };
    let import_only: Vec<&str> =
        of_platform.iter().copied().chain(args.import_only.iter().map(String::as_str)).collect();
    let made = make::make(&make::Sources {
        platform: &args.platform,
        version: &args.version,
        files: &files,
        load_order: &load_order,
        import_only: &import_only,
        path_report: report.as_deref(),
    })
    .with_context(|| format!("in {}", args.dir.join("pathreport.csv").display()))?;

    show(&made.findings, &files);
    if made.findings.has_errors() {
        let (errors, _) = made.findings.count();
        anyhow::bail!("{errors} errors in {}: no pack was made", args.dir.display());
    }
    let text = pack::write(&made.schema);
    if let Some(file) = &args.out {
        std::fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    } else {
        out.write_all(text.as_bytes())?;
    }
    anstream::eprintln!("{}; {} bytes", make::describe(&made.schema), text.len());
    if !made.lacking.is_empty() {
        anstream::eprintln!(
            "{} paths that the path report grants are in none of the modules, such as {}",
            made.lacking.len(),
            made.lacking.first().map_or("", |path| path)
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Findings go to standard error: standard output may be the pack.
fn show(findings: &Findings, files: &BTreeMap<RepoPath, Arc<str>>) {
    for finding in findings {
        anstream::eprintln!("{}\n", draw(finding, &|file| files.get(file).cloned(), true));
    }
}

fn yang_files(dir: &Path) -> anyhow::Result<BTreeMap<RepoPath, Arc<str>>> {
    let mut files = BTreeMap::new();
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("cannot read the folder {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yang") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files.insert(name.parse()?, Arc::from(read(&path)?));
    }
    if files.is_empty() {
        anyhow::bail!("{} holds no .yang file", dir.display());
    }
    Ok(files)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
