//! The fence: all unsafe code of this crate stands in this file, each use with the reason why it is sound.
#![allow(unsafe_code)]

/// Asks the processor to have the cache line of `value` at hand soon. Never waits, never changes anything.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is a hint that reads nothing and faults on no address, and every x86-64 processor
    // has SSE, which it came with.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
