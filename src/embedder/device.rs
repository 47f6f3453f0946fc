//! The compute backend of burn. The only place that names one.

#![allow(deprecated)] // burn 0.22 deprecates its ndarray backend in favor of flex; both are offered.

use std::str::FromStr;

use burn::tensor::Device;
use burn_ndarray::NdArrayDevice;

/// A burn backend, chosen at run time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// burn-ndarray, on the CPU.
    #[default]
    Ndarray,
    /// burn-flex, on the CPU.
    #[cfg(feature = "flex")]
    Flex,
}

impl Backend {
    pub(super) fn device(self) -> Device {
        match self {
            Self::Ndarray => Device::new(NdArrayDevice::Cpu),
            #[cfg(feature = "flex")]
            Self::Flex => Device::flex(),
        }
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "ndarray" => Ok(Self::Ndarray),
            #[cfg(feature = "flex")]
            "flex" => Ok(Self::Flex),
            #[cfg(not(feature = "flex"))]
            "flex" => Err("this build has no flex backend: build with --features flex".into()),
            _ => Err("the backends are ndarray and, with the cargo feature `flex`, flex".into()),
        }
    }
}
