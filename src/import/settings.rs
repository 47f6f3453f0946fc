//! Which settings of a run define another model.

use serde_json::Value;

use super::run::{Model, clean, hash};

/// Settings that define another model wherever they differ.
const FIXED: &[&str] = &[
    "revision",
    "subfolder",
    "peft",
    "delta",
    "adapter",
    "lora",
    "lora_path",
    "pretrained",
    "model",
    "path",
    "engine",
    "quantization",
    "quantization_config",
    "load_in_8bit",
    "load_in_4bit",
    "bnb_4bit_quant_type",
    "autogptq",
    "gptqmodel",
    "gguf_file",
    "filename",
    "quant",
    "lora_local_path",
    "lora_name",
    "steer_path",
    "enable_thinking",
    "reasoning_effort",
    "reasoning_tokens",
    "effort",
];
/// Settings of the machine, which do not affect the answers.
const MACHINE: &[&str] = &[
    "batch_size",
    "max_batch_size",
    "device",
    "device_map",
    "device_map_option",
    "parallelize",
    "max_memory_per_gpu",
    "max_cpu_memory",
    "offload_folder",
    "trust_remote_code",
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "data_parallel_size",
    "tp_size",
    "dp_size",
    "gpus",
    "gpu_memory_utilization",
    "mem_fraction_static",
    "swap_space",
    "cpu_offload_gb",
    "cache_dir",
    "download_dir",
    "token",
    "use_auth_token",
    "api_key",
    "num_concurrent",
    "max_retries",
    "timeout",
    "tokenized_requests",
    "tokenizer_backend",
    "tokenizer_mode",
    "tokenizer",
    "use_fast_tokenizer",
    "base_url",
    "seed",
    "enforce_eager",
    "disable_log_stats",
    "distributed_executor_backend",
    "max_num_seqs",
    "max_num_batched_tokens",
    "log_level",
    "verify_certificate",
    "attn_implementation",
    "low_cpu_mem_usage",
    "enable_prefix_caching",
    "block_size",
    "eos_string",
    "add_special_tokens",
    "logits_cache",
    "verbose",
    "host",
    "port",
    "max_connections",
    "max_subprocesses",
    "attempt_timeout",
    "batch",
    "cache",
    "cache_prompt",
    "num_choices",
    "logprobs",
    "top_logprobs",
];
/// Values that mean the default.
const DEFAULTS: &[&str] = &["", "none", "null", "false", "auto", "main", "default"];
/// Longer values are replaced by their hash.
const LONG: usize = 80;

/// True for a value that means the default.
pub(super) fn is_default(value: &str) -> bool {
    DEFAULTS.iter().any(|known| value.trim().eq_ignore_ascii_case(known))
}

/// Adds a setting of a run, unless it is about the machine.
pub(super) fn set(model: &mut Model, key: &str, value: &str) {
    if is_default(value) || MACHINE.contains(&key) {
        return;
    }
    let value = if value.eq_ignore_ascii_case("true") { "true".into() } else { value.to_owned() };
    let settings = if FIXED.contains(&key) { &mut model.fixed } else { &mut model.soft };
    settings.insert(key.to_owned(), value);
}

/// A setting's value as text.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => clean(text),
        Value::Null => String::new(),
        value => value.to_string(),
    };
    if text.len() > LONG { format!("{:08x}", hash(&text) as u32) } else { text }
}
