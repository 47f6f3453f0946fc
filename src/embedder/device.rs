//! The compute backend of burn. The only place that names one.

#![allow(deprecated)] // burn 0.22 deprecates its ndarray backend in favor of flex; both are offered.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use burn_ndarray::NdArrayDevice;

/// A burn backend, chosen at run time. Those of a GPU run the networks there; whatever is no matrix of the
/// networks stays on the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// burn-ndarray, on the CPU.
    #[default]
    Ndarray,
    /// burn-flex, on the CPU.
    #[cfg(feature = "flex")]
    Flex,
    /// The first NVIDIA GPU.
    #[cfg(feature = "cuda")]
    Cuda,
    /// The GPU that wgpu prefers: Vulkan, Metal or DirectX 12.
    #[cfg(feature = "wgpu")]
    Wgpu,
}

/// All backends, each a cargo feature of the same name except the first.
const NAMES: [&str; 4] = ["ndarray", "flex", "cuda", "wgpu"];

impl Backend {
    /// The backends of this build.
    pub const ALL: &[Self] = &[
        Self::Ndarray,
        #[cfg(feature = "flex")]
        Self::Flex,
        #[cfg(feature = "cuda")]
        Self::Cuda,
        #[cfg(feature = "wgpu")]
        Self::Wgpu,
    ];

    /// The names of the backends of this build.
    pub fn built() -> String {
        Self::ALL.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", ")
    }

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndarray => "ndarray",
            #[cfg(feature = "flex")]
            Self::Flex => "flex",
            #[cfg(feature = "cuda")]
            Self::Cuda => "cuda",
            #[cfg(feature = "wgpu")]
            Self::Wgpu => "wgpu",
        }
    }

    /// Whether this machine has a device for it: a GPU and its driver.
    pub(super) fn has_device(self) -> bool {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda => found(burn::tensor::DeviceType::Cuda),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => found(burn::tensor::DeviceType::Wgpu),
            _ => true,
        }
    }

    pub(super) fn device(self) -> Device {
        match self {
            Self::Ndarray => Device::new(NdArrayDevice::Cpu),
            #[cfg(feature = "flex")]
            Self::Flex => Device::flex(),
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::cuda(0),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        }
    }
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn found(kind: burn::tensor::DeviceType) -> bool {
    !Device::enumerate(kind).into_vec().is_empty()
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|backend| backend.name() == name);
        found.copied().ok_or_else(|| {
            let built = Self::built();
            if NAMES.contains(&name) {
                format!(
                    "this build has no {name} backend, only {built}: build with --features {name}"
                )
            } else {
                format!("this build has {built}; the backends are {}", NAMES.join(", "))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_found_by_its_name_and_a_missing_one_says_how_to_build_it() {
        for backend in Backend::ALL {
            assert_eq!(backend.name().parse(), Ok(*backend));
            assert!(NAMES.contains(&backend.name()));
        }
        for missing in NAMES.iter().filter(|name| name.parse::<Backend>().is_err()) {
            let error = missing.parse::<Backend>().unwrap_err();
            assert!(error.contains(&format!("--features {missing}")), "{error}");
        }
        assert!("tpu".parse::<Backend>().unwrap_err().contains("ndarray, flex, cuda, wgpu"));
    }
}
