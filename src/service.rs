//! Routing for other programs: requests and answers as JSON, whatever carries them.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::analysis::router::pools::Pools;
use crate::analysis::router::{Answer, Costs, Preferences, Rank, Router};
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::printable::write_json;

/// A request may be so large: 4 MiB.
pub const LARGEST: usize = 4 << 20;
/// Models that are named for a prompt unless the request says otherwise.
const TOP: usize = 10;

/// Answers requests about one embedder.
pub struct Service {
    embedder: Arc<Embedder>,
    pools: Option<PathBuf>,
}

/// An answer: the status of HTTP and a JSON document.
#[derive(Debug, PartialEq)]
pub struct Reply {
    /// 200, or what HTTP calls the fault.
    pub status: u16,
    /// One JSON document; of a fault `{"error": …}`.
    pub body: Vec<u8>,
}

/// What `POST /route` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    prompt: Option<String>,
    prompts: Option<Vec<String>>,
    #[serde(rename = "where")]
    filter: Option<String>,
    pool: Option<String>,
    #[serde(default)]
    cost_weight: f64,
    min_quality: Option<f64>,
    max_cost: Option<f64>,
    #[serde(default)]
    cheapest_tie: bool,
    #[serde(default)]
    rank: Rank,
    top: Option<usize>,
}

impl Service {
    /// A service on `embedder`; `pools` is the file of the pools that requests may name.
    #[must_use]
    pub fn new(embedder: Arc<Embedder>, pools: Option<PathBuf>) -> Self {
        Self { embedder, pools }
    }

    /// Answers one request. `path` is without a query.
    #[must_use]
    pub fn answer(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        match (method, path) {
            ("POST", "/route") => self.route(body).unwrap_or_else(|error| {
                let status = if error.exit_code() == 2 { 400 } else { 500 };
                Reply::fault(status, &error.to_string())
            }),
            ("GET", "/models") => self.models(),
            ("GET", "/health") => self.health(),
            (_, "/route") => Reply::fault(405, "POST a JSON document to /route"),
            (_, "/models" | "/health") => Reply::fault(405, "this can only be read: GET"),
            _ => Reply::fault(404, "there are POST /route, GET /models and GET /health"),
        }
    }

    fn route(&self, body: &[u8]) -> Result<Reply> {
        let request: Request = serde_json::from_slice(body)
            .map_err(|e| Error::Usage(format!("not a request: {e}")))?;
        let (prompts, several) = match (&request.prompt, &request.prompts) {
            (Some(prompt), None) => (vec![prompt.as_str()], false),
            (None, Some(prompts)) => (prompts.iter().map(String::as_str).collect(), true),
            _ => return Err(Error::Usage("give either `prompt` or `prompts`".into())),
        };
        if let Some(i) = prompts.iter().position(|prompt| prompt.trim().is_empty()) {
            return Err(Error::Usage(format!("prompt {} is empty", i + 1)));
        }
        let top = request.top.unwrap_or(TOP);
        if top == 0 {
            return Err(Error::Usage("`top` must be at least 1".into()));
        }
        let router = Router::new(&self.embedder);
        let preferences = self.preferences(&request)?;
        preferences.check(&router.costs)?;
        let routes = router.route(&prompts, &preferences)?;
        let (models, unit) = (&self.embedder.models, router.costs.unit());
        let answers = prompts.iter().zip(&routes);
        let mut answers =
            answers.map(|(prompt, route)| Answer::new(models, unit, prompt, route, top));
        Ok(if several {
            Reply::found(&answers.collect::<Vec<_>>())
        } else {
            Reply::found(&answers.next())
        })
    }

    fn preferences(&self, request: &Request) -> Result<Preferences> {
        let expression = match (&request.filter, &request.pool) {
            (Some(_), Some(_)) => {
                return Err(Error::Usage("give either `where` or `pool`".into()));
            }
            (Some(expression), None) => Some(expression.clone()),
            (None, Some(name)) => {
                let pools = self.pools.as_deref().map(Pools::load).transpose()?;
                Some(pools.unwrap_or_default().expression(name)?.to_owned())
            }
            (None, None) => None,
        };
        Ok(Preferences {
            pool: expression.map(|expression| self.embedder.select(&expression)).transpose()?,
            cost_weight: request.cost_weight,
            min_quality: request.min_quality,
            max_cost: request.max_cost,
            cheapest_tie: request.cheapest_tie,
            rank: request.rank,
        })
    }

    fn models(&self) -> Reply {
        let costs = Costs::of(self.embedder.models.len(), &self.embedder.attributes);
        let models: Vec<Value> = self
            .embedder
            .models
            .iter()
            .enumerate()
            .map(|(m, name)| json!({ "model": name, "cost": costs.of_model(m) }))
            .collect();
        Reply::found(&json!({ "cost_unit": costs.unit(), "models": models }))
    }

    fn health(&self) -> Reply {
        let about = &self.embedder.provenance;
        Reply::found(&json!({
            "status": "ok",
            "data": about.data,
            "simulated": about.simulated,
            "models": self.embedder.models.len(),
            "version": env!("CARGO_PKG_VERSION"),
        }))
    }
}

impl Reply {
    fn found(document: &impl Serialize) -> Self {
        let mut body = Vec::new();
        match write_json(&mut body, document, false) {
            Ok(()) => Self { status: 200, body },
            Err(e) => Self::fault(500, &e.to_string()),
        }
    }

    /// The answer to what cannot be answered.
    #[must_use]
    pub fn fault(status: u16, problem: &str) -> Self {
        let mut body = Vec::new();
        // Writing to memory cannot fail.
        let _ = write_json(&mut body, &json!({ "error": problem }), false);
        Self { status, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, path: &str, body: &str) -> (u16, Value) {
        let service = Service::new(Arc::new(Embedder::shipped().unwrap()), None);
        let reply = service.answer(method, path, body.as_bytes());
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    #[test]
    fn a_prompt_and_several() {
        let (status, one) = ask("POST", "/route", r#"{"prompt": "What is 2+2?", "top": 3}"#);
        assert_eq!((status, one["candidates"].as_array().unwrap().len()), (200, 3));
        assert_eq!(one["routed"], one["candidates"][0]["model"]);
        let (_, two) = ask("POST", "/route", r#"{"prompts": ["What is 2+2?", "Sing."], "top": 3}"#);
        assert_eq!(two[0]["candidates"], one["candidates"]);
        let (_, few) = ask("POST", "/route", r#"{"prompt": "Sing.", "where": "params_b <= 8"}"#);
        assert!(
            few["candidates"].as_array().unwrap().iter().all(|c| c["cost"].as_f64() <= Some(8.0))
        );
        assert_eq!(ask("POST", "/route", r#"{"prompts": []}"#), (200, json!([])));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        for (method, path, body, status, said) in [
            ("POST", "/route", "{", 400, "not a request"),
            ("POST", "/route", "{}", 400, "either `prompt` or `prompts`"),
            ("POST", "/route", r#"{"prompt": " "}"#, 400, "prompt 1 is empty"),
            (
                "POST",
                "/route",
                r#"{"prompt": "x", "temperature": 1}"#,
                400,
                "unknown field `temperature`",
            ),
            ("POST", "/route", r#"{"prompt": "x", "where": "opne"}"#, 400, "did you mean `open`?"),
            (
                "POST",
                "/route",
                r#"{"prompt": "x", "pool": "mine"}"#,
                400,
                "no pool is called `mine`",
            ),
            (
                "POST",
                "/route",
                r#"{"prompt": "x", "cost_weight": 11}"#,
                400,
                "it goes from 0 to 10",
            ),
            ("POST", "/route", r#"{"prompt": "x", "top": 0}"#, 400, "at least 1"),
            ("GET", "/route", "", 405, "POST"),
            ("DELETE", "/models", "", 405, "GET"),
            ("GET", "/", "", 404, "/route"),
        ] {
            let (found, about) = ask(method, path, body);
            let about = about["error"].as_str().unwrap();
            assert!(found == status && about.contains(said), "{method} {path} {body}: {about}");
        }
    }

    #[test]
    fn what_there_is() {
        let (status, health) = ask("GET", "/health", "");
        assert_eq!(
            (status, &health["status"], &health["models"]),
            (200, &json!("ok"), &json!(557))
        );
        let (_, models) = ask("GET", "/models", "");
        assert_eq!(models["models"].as_array().unwrap().len(), 557);
    }
}
