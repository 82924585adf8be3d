//! Everything that the compiler cannot check: calls into the processor and the C library.
//!
//! The rings, the scopes and the collector are safe code. What is left is here, a block each, with the reason why it
//! holds; a second file with `unsafe` does not compile.
#![allow(unsafe_code)]

/// Returns the processor's time-stamp counter.
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
#[inline(always)]
pub(crate) fn time_stamp() -> u64 {
    // SAFETY: RDTSC belongs to the base instruction set of x86-64, takes no operand, reads and writes no memory, and is
    // open to user mode unless the process gave it up by prctl(PR_SET_TSC), after which nobody could expect to trace.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Returns true when the time-stamp counter runs at one rate in all power states and on all cores.
///
/// The processor promises the first (CPUID 8000_0007h, EDX bit 8); the kernel, which watches the second all the time,
/// says so by using the counter for its own clock.
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
pub(crate) fn time_stamp_is_steady() -> bool {
    // CPUID exists on every x86-64 processor; a leaf is asked for only after the highest one is known.
    let invariant = core::arch::x86_64::__cpuid(0x8000_0000).eax >= 0x8000_0007
        && core::arch::x86_64::__cpuid(0x8000_0007).edx & (1 << 8) != 0;
    let source = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    invariant && source.is_ok_and(|source| source.trim() == "tsc")
}

/// Calls `work` with signals blocked on this thread, and so on the threads that it starts: a program's signals are for the threads
/// that it blocked or did not block them on.
///
/// Those that a thread causes by what it does itself stay as they are: blocked, they would end the process without the
/// handler that tells of it.
#[cfg(all(unix, not(miri)))]
pub(crate) fn without_signals<R>(work: impl FnOnce() -> R) -> R {
    use std::mem::MaybeUninit;

    struct Restore(libc::sigset_t);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: the set was filled in by `pthread_sigmask`; nothing is written.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
        }
    }

    const OWN: [libc::c_int; 6] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];
    let (mut blocked, mut before) = (MaybeUninit::<libc::sigset_t>::uninit(), MaybeUninit::<libc::sigset_t>::uninit());
    // SAFETY: both sets live on this stack for as long as the calls. `sigfillset` fills in all of the first one before it
    // is read, and cannot fail for a valid pointer; `pthread_sigmask` fills in the second one when it returns 0, and only
    // then is it read. The mask belongs to this thread alone, and is restored by it, also when `work` panics.
    let _restore = unsafe {
        libc::sigfillset(blocked.as_mut_ptr());
        OWN.iter().for_each(|signal| _ = libc::sigdelset(blocked.as_mut_ptr(), *signal));
        let is_done = libc::pthread_sigmask(libc::SIG_BLOCK, blocked.as_ptr(), before.as_mut_ptr()) == 0;
        is_done.then(|| Restore(before.assume_init()))
    };
    work()
}

/// Calls `work`: there are no signals here.
#[cfg(not(all(unix, not(miri))))]
pub(crate) fn without_signals<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// Has `work` called when the process ends by returning from `main` or by `exit`.
#[cfg(unix)]
pub(crate) fn at_exit(work: extern "C" fn()) {
    // SAFETY: `atexit` stores a pointer to a function that lives as long as the program, since it is code of this crate.
    // The function does not unwind: it catches panics. Failure means that nothing is called, which is harmless.
    unsafe { libc::atexit(work) };
}

/// Has the three functions called around every `fork`: before it and after it in the parent, and after it in the child.
#[cfg(unix)]
pub(crate) fn at_fork(before: extern "C" fn(), parent: extern "C" fn(), child: extern "C" fn()) {
    // SAFETY: stores three pointers to functions of this crate, which do not unwind. They run on the forking thread, the
    // last one in a process that has no other thread; they take and release the locks of the collector, nothing else.
    unsafe { libc::pthread_atfork(Some(before), Some(parent), Some(child)) };
}
