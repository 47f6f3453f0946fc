//! Where burn computes. The one place that names a backend.

#![allow(deprecated)] // burn 0.22 deprecates its ndarray backend in favour of flex; both are offered.

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
    Flex,
}

impl Backend {
    pub(super) fn device(self) -> Device {
        match self {
            Self::Ndarray => Device::new(NdArrayDevice::Cpu),
            Self::Flex => Device::flex(),
        }
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "ndarray" => Ok(Self::Ndarray),
            "flex" => Ok(Self::Flex),
            _ => Err("the backends are ndarray and flex".into()),
        }
    }
}
