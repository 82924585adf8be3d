//! Tells what the store finds out about its disk while it runs.

use std::{sync::Arc, time::Duration};

use trackway_store::{Damage, Embedded};

use crate::print;

/// How often it is looked.
const PAUSE: Duration = Duration::from_secs(10);

/// From so many thousandths on a disk is told to fill up.
const MUCH: u64 = 800;

/// Tells once that the disk fills up, and of each damage once, for as long as the server runs.
pub(crate) async fn tell(store: Arc<Embedded>) {
    let mut is_told = false;
    loop {
        let used = store.disk_used_permille();
        if used >= MUCH && !is_told {
            let percent = used / 10;
            print::talk(format_args!(
                "{percent} % of the disk is used; keep less with --keep-days or --keep-bytes, or free some space"
            ));
            is_told = true;
        }
        store.take_damage().iter().for_each(tell_damage);
        tokio::time::sleep(PAUSE).await;
    }
}

fn tell_damage(damage: &Damage) {
    let (file, reason) = (damage.file.display(), &damage.reason);
    print::talk(format_args!("{file}: {reason}; `trackway store check` tells more"));
}
