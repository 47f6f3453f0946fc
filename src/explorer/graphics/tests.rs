//! What is written, decoded again.
