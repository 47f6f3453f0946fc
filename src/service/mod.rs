//! Routing for other programs: JSON requests and replies, independent of the transport. The feature `serve`
//! adds HTTP.

#[cfg(feature = "serve")]
mod connections;
#[cfg(feature = "serve")]
mod http;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::analysis::router::pools::Pools;
use crate::analysis::router::{ANSWER_TOKENS, Answer, Costs, Preferences, Rank, Router};
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::printable::write_json;

/// Maximum size of a request: 4 MiB.
pub const LARGEST: usize = 4 << 20;
/// Number of models per prompt unless the request sets it.
const TOP: usize = 10;

/// Maximum number of prompts in a request.
pub const PROMPTS: usize = 1024;
/// Maximum number of models in a reply, over all prompts of a request.
pub const NAMED: usize = 1 << 16;
/// Prompts that are routed together; the stop flag is checked in between.
const AT_ONCE: usize = 128;

/// Answers requests about one embedder.
pub struct Service {
    embedder: Arc<Embedder>,
    costs: Costs,
    pools: Option<PathBuf>,
}

/// A reply: an HTTP status and a JSON document.
#[derive(Debug, PartialEq)]
pub struct Reply {
    /// 200, or the HTTP status of the error.
    pub status: u16,
    /// A JSON document; `{"error": …}` for an error.
    pub body: Vec<u8>,
    /// With status 405, the allowed methods.
    pub allow: Option<&'static str>,
}

/// The body of `POST /route`.
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
    cheapest_within: Option<f64>,
    #[serde(default)]
    rank: Rank,
    top: Option<usize>,
    answer_tokens: Option<u32>,
}

impl Service {
    /// A service for `embedder`; `pools` is the file of the pools that requests may refer to.
    #[must_use]
    pub fn new(embedder: Arc<Embedder>, pools: Option<PathBuf>) -> Self {
        let costs = Costs::of(embedder.models().len(), embedder.attributes());
        Self { embedder, costs, pools }
    }

    /// Answers one request. `path` has no query. The work stops as soon as `stop` returns true: the client
    /// has disconnected, or a time limit has passed.
    #[must_use]
    pub fn answer(&self, method: &str, path: &str, body: &[u8], stop: &dyn Fn() -> bool) -> Reply {
        match (method, path) {
            ("POST", "/route") => match self.route(body, stop) {
                Ok(reply) => reply,
                Err(_) if stop() => Reply::fault(503, "it took too long: send fewer prompts"),
                Err(error) => {
                    let status = if error.exit_code() == 2 { 400 } else { 500 };
                    Reply::fault(status, &error.to_string())
                }
            },
            // The transport leaves out the body of a reply to HEAD.
            ("GET" | "HEAD", "/models") => self.models(),
            ("GET" | "HEAD", "/health") => self.health(),
            (_, "/route") => {
                let fault = Reply::fault(405, "POST a JSON document to /route");
                Reply { allow: Some("POST"), ..fault }
            }
            (_, "/models" | "/health") => {
                let fault = Reply::fault(405, "method not allowed; use GET");
                Reply { allow: Some("GET, HEAD"), ..fault }
            }
            _ => Reply::fault(
                404,
                "not found; the paths are POST /route, GET /models and GET /health",
            ),
        }
    }

    fn route(&self, body: &[u8], stop: &dyn Fn() -> bool) -> Result<Reply> {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
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
        let models = self.embedder.models();
        if prompts.len() > PROMPTS || prompts.len() * top.min(models.len()) > NAMED {
            return Err(Error::Usage(format!(
                "at most {PROMPTS} prompts, and {NAMED} models for all of them: send fewer at \
                 once, or a lower `top`"
            )));
        }
        let router = Router::with_costs(&self.embedder, self.costs.clone());
        let preferences = self.preferences(&request, stop)?;
        preferences.check(&router.costs)?;
        let answer_tokens = request.answer_tokens.unwrap_or(ANSWER_TOKENS);
        let mut body = Vec::new();
        let failed = |e: io::Error| Error::Failed(e.to_string());
        for (i, prompts) in prompts.chunks(AT_ONCE).enumerate() {
            if stop() {
                return Err(Error::Failed("stopped".into()));
            }
            let routes = router.route_top(prompts, &preferences, top)?;
            for (j, (prompt, route)) in prompts.iter().zip(&routes).enumerate() {
                if i + j > 0 {
                    body.push(b',');
                }
                let answer =
                    Answer::new(models, &router.costs, (prompt, answer_tokens), route, top);
                write_json(&mut body, &answer, false).map_err(failed)?;
            }
        }
        if several {
            body.insert(0, b'[');
            body.extend(b"]\n");
        }
        Ok(Reply { status: 200, body, allow: None })
    }

    fn preferences(&self, request: &Request, stop: &dyn Fn() -> bool) -> Result<Preferences> {
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
            pool: expression
                .map(|expression| self.embedder.select_until(&expression, stop))
                .transpose()?,
            cost_weight: request.cost_weight,
            min_quality: request.min_quality,
            max_cost: request.max_cost,
            cheapest_tie: request.cheapest_tie,
            cheapest_within: request.cheapest_within,
            rank: request.rank,
        })
    }

    fn models(&self) -> Reply {
        let models: Vec<Value> = self
            .embedder
            .models()
            .iter()
            .enumerate()
            .map(|(m, name)| json!({ "model": name, "cost": self.costs.of_model(m) }))
            .collect();
        Reply::found(&json!({ "cost_unit": self.costs.unit(), "models": models }))
    }

    fn health(&self) -> Reply {
        let about = self.embedder.provenance();
        Reply::found(&json!({
            "status": "ok",
            "data": about.data,
            "simulated": about.simulated,
            "models": self.embedder.models().len(),
            "version": env!("CARGO_PKG_VERSION"),
        }))
    }
}

impl Reply {
    fn found(document: &impl Serialize) -> Self {
        let mut body = Vec::new();
        match write_json(&mut body, document, false) {
            Ok(()) => Self { status: 200, body, allow: None },
            Err(e) => Self::fault(500, &e.to_string()),
        }
    }

    /// The reply for a request that failed.
    #[must_use]
    pub fn fault(status: u16, problem: &str) -> Self {
        let mut body = Vec::new();
        // Writing to memory cannot fail.
        let _ = write_json(&mut body, &json!({ "error": problem }), false);
        Self { status, body, allow: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, path: &str, body: &str) -> (u16, Value) {
        let service = Service::new(Arc::new(Embedder::shipped().unwrap()), None);
        let reply = service.answer(method, path, body.as_bytes(), &|| false);
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    #[test]
    fn a_prompt_and_several() {
        let (status, one) = ask("POST", "/route", r#"{"prompt": "What is 2+2?", "top": 3}"#);
        assert_eq!((status, one["candidates"].as_array().unwrap().len()), (200, 3));
        assert_eq!(one["routed"], one["candidates"][0]["model"]);
        let (_, two) = ask("POST", "/route", r#"{"prompts": ["What is 2+2?", "Sing."], "top": 3}"#);
        assert_eq!(two[0]["candidates"], one["candidates"]);
        let long = r#"{"prompt": "What is 2+2?", "top": 3, "answer_tokens": 1000}"#;
        let (_, long) = ask("POST", "/route", long);
        assert_eq!(one["tokens"]["answer"], 500);
        assert_eq!(long["tokens"], json!({ "prompt": one["tokens"]["prompt"], "answer": 1000 }));
        let cost = |answer: &Value| answer["candidates"][1]["prompt_cost"].as_f64();
        assert!(cost(&one).is_none() || cost(&one) < cost(&long));
        let (_, few) = ask("POST", "/route", r#"{"prompt": "Sing.", "where": "params_b <= 8"}"#);
        assert!(
            few["candidates"].as_array().unwrap().iter().all(|c| c["cost"].as_f64() <= Some(8.0))
        );
        assert_eq!(ask("POST", "/route", r#"{"prompts": []}"#), (200, json!([])));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        for (method, path, body, status, message) in [
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
            ("POST", "/route", "\u{feff}{}", 400, "either `prompt` or `prompts`"),
            (
                "POST",
                "/route",
                r#"{"prompt": "x", "min_quality": 1e300}"#,
                400,
                "is 1e300; it goes",
            ),
            ("GET", "/", "", 404, "/route"),
        ] {
            let (found, about) = ask(method, path, body);
            let about = about["error"].as_str().unwrap();
            assert!(found == status && about.contains(message), "{method} {path} {body}: {about}");
        }
    }

    #[test]
    fn faults_are_short_however_long_the_request_is() {
        let long = "x".repeat(1 << 20);
        for body in [
            json!({"prompt": "x", "where": long}),
            json!({"prompt": "x", "where": format!("{long} and open")}),
            json!({"prompt": "x", "where": format!("name ~ \"({long}\"")}),
            json!({"prompt": "x", "where": format!("name = \"{long}\" nonsense")}),
            json!({"prompt": "x", "pool": long}),
            json!({"prompt": "x", "rank": long}),
            json!({"prompt": "x", &*long: 1}),
        ] {
            let (status, found) = ask("POST", "/route", &body.to_string());
            let error = found["error"].as_str().unwrap();
            assert!(status == 400 && error.chars().count() < 1000, "{error}");
        }
    }

    #[test]
    fn work_is_bounded() {
        let prompts =
            |n: usize, top: usize| json!({"prompts": vec!["a"; n], "top": top}).to_string();
        let (status, found) = ask("POST", "/route", &prompts(PROMPTS, 1));
        assert_eq!((status, found.as_array().unwrap().len()), (200, PROMPTS));
        for body in [prompts(PROMPTS + 1, 1), prompts(NAMED / 557 + 1, 600)] {
            let (status, found) = ask("POST", "/route", &body);
            assert!(status == 400 && found["error"].as_str().unwrap().contains("at most 1024"));
        }
        let patterns = vec!["name ~ \"(.{0,99}){0,30}z\""; 300].join(" or ");
        let body = json!({"prompt": "x", "where": patterns}).to_string();
        assert_eq!(ask("POST", "/route", &body).0, 400);
    }

    #[test]
    fn work_stops_when_the_client_is_gone() {
        let service = Service::new(Arc::new(Embedder::shipped().unwrap()), None);
        for more in [json!({"prompts": vec!["a"; 40]}), json!({"prompt": "a", "where": "open"})] {
            let reply = service.answer("POST", "/route", more.to_string().as_bytes(), &|| true);
            assert_eq!(reply.status, 503);
        }
        let calls = std::cell::Cell::new(0);
        let soon = || {
            calls.set(calls.get() + 1);
            calls.get() > 2
        };
        let body = json!({ "prompts": vec!["a"; PROMPTS] }).to_string();
        assert_eq!(service.answer("POST", "/route", body.as_bytes(), &soon).status, 503);
        assert!(calls.get() < 6, "it goes on after it was stopped");
    }

    #[test]
    fn methods() {
        let service = Service::new(Arc::new(Embedder::shipped().unwrap()), None);
        let ask = |method: &str, path: &str| service.answer(method, path, b"", &|| false);
        assert_eq!(ask("HEAD", "/health"), ask("GET", "/health"));
        assert_eq!(ask("GET", "/route").allow, Some("POST"));
        assert_eq!(ask("POST", "/health").allow, Some("GET, HEAD"));
        assert_eq!(ask("GET", "/health").allow, None);
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
