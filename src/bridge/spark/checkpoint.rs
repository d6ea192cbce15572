//! A checkpoint goes on with the question that it was made for, and with no other.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// What may differ between two runs on one checkpoint.
const OF_A_RUN: [&str; 4] = ["trigger", "max_files_per_trigger", "results", "checkpoint"];
const NAME: &str = "plan.json";

/// Notes the question in the checkpoint, or finds that it is the one noted there.
pub fn claim(checkpoint: &Path, plan: &Value) -> Result<()> {
    let shown = checkpoint.display();
    let mut question: Map<String, Value> = plan.as_object().cloned().unwrap_or_default();
    OF_A_RUN.iter().for_each(|name| _ = question.remove(*name));
    let path = checkpoint.join(NAME);
    match fs::read(&path) {
        Ok(text) => {
            let known: Map<String, Value> = serde_json::from_slice(&text)
                .with_context(|| format!("{} is not as it was written: the checkpoint is of no use", path.display()))?;
            let names: BTreeSet<&String> = known.keys().chain(question.keys()).collect();
            let differing: Vec<&str> =
                names.into_iter().filter(|name| known.get(*name) != question.get(*name)).map(String::as_str).collect();
            if !differing.is_empty() {
                bail!(
                    "--checkpoint: {shown} was made for another question; what differs: {}. Give another directory, \
                     or remove this one to begin anew",
                    differing.join(", ")
                );
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(checkpoint).with_context(|| format!("--checkpoint: cannot make {shown}"))?;
            let new = checkpoint.join("plan.json.new");
            fs::write(&new, serde_json::to_vec(&question)?)
                .and_then(|()| fs::rename(&new, &path))
                .with_context(|| format!("--checkpoint: cannot write in {shown}"))
        }
        Err(error) => Err(error).with_context(|| format!("--checkpoint: cannot read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_checkpoint_is_for_one_question() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("kept");
        let plan = |by: &str, files: u32| json!({"by": [by], "max_files_per_trigger": files});
        claim(&place, &plan("service", 1)).unwrap();
        claim(&place, &plan("service", 2)).unwrap();
        let refused = claim(&place, &plan("level", 2)).unwrap_err().to_string();
        assert!(refused.contains("what differs: by."), "{refused}");
        fs::write(place.join(NAME), "{").unwrap();
        assert!(claim(&place, &plan("service", 1)).unwrap_err().to_string().contains("of no use"));
    }
}
