//! Clients that are slow, or very many.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use rustix::process::Resource;

use crate::{
    check,
    home::Home,
    journal::{Journal, Sent},
    killed::fill,
    load,
    pace::Pace,
    resources,
    support::Trackway,
    tally::TALLY,
};

/// What a request may take while others dawdle; these servers are not optimised, and the machine may be busy.
const PROMPT: Duration = Duration::from_secs(5);

fn connect(server: &Trackway) -> TcpStream {
    let stream = TcpStream::connect(server.ui.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// The connections of a server's bound that dawdlers have.
const SLOW: usize = 300;

/// A third sends its head a byte at a time, a third its body, and a third does not read its answer.
pub(crate) fn slow(_: &Pace) {
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(&[]);
    fill(&server, &journal, 200);
    let before = resources::peak_bytes(&server);
    let ask =
        format!("GET /api/v1/traces/{}?limit=1000 HTTP/1.1\r\nHost: {}\r\n\r\n", load::trace(0, 8), host(&server));
    let begin = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 60000000\r\n\r\n{{",
        host(&server)
    );
    let mut dawdlers: Vec<_> = (0..SLOW).map(|_| connect(&server)).collect();
    for (number, stream) in dawdlers.iter_mut().enumerate() {
        let first: &[u8] = match number % 3 {
            0 => b"P",
            1 => begin.as_bytes(),
            _ => ask.as_bytes(),
        };
        stream.write_all(first).unwrap();
    }
    // Each says one byte more between requests of somebody who is not slow.
    let mut slowest = Duration::ZERO;
    for number in 1_000_000..1_000_060 {
        let asked = Instant::now();
        assert_eq!(journal.send_number(&server.ui, number), Sent::Acknowledged);
        slowest = slowest.max(asked.elapsed());
        for stream in dawdlers.iter_mut().step_by(10) {
            // It may have been closed by now, which is its server's right.
            drop(stream.write_all(b"O"));
        }
    }
    assert!(slowest < PROMPT, "a request took {slowest:?} while others dawdled");
    let added = resources::peak_bytes(&server) - before;
    assert!(added < 300 << 20, "{SLOW} slow clients added {} MiB", added >> 20);
    drop(dawdlers);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    TALLY.cycle();
}

/// The connections that a listener takes at once.
const MOST: u64 = 1024;
const CROWD: u64 = 5_000;

/// Those above the bound are closed, those below it answered, and nobody is turned away afterwards.
pub(crate) fn connections(_: &Pace) {
    let files = resources::open_many_files();
    assert!(files > CROWD + 500, "this needs {CROWD} open files, and {files} are allowed");
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(&[]);
    fill(&server, &journal, 20);
    let ask = format!("GET /api/v1/health HTTP/1.1\r\nHost: {}\r\n\r\n", host(&server));
    let (mut answered, mut closed, mut open) = (0, 0, Vec::new());
    for _ in 0..CROWD {
        let mut stream = connect(&server);
        let mut first = [0; 1];
        match stream.write_all(ask.as_bytes()).and_then(|()| stream.read(&mut first)) {
            Ok(1) => answered += 1,
            Ok(_) => closed += 1,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                panic!("a connection is neither answered nor closed")
            }
            Err(_) => closed += 1,
        }
        open.push(stream);
    }
    assert_eq!((answered, closed), (MOST, CROWD - MOST));
    leave(open);
    let sent = until_taken(|| journal.send_number(&server.ui, 4_000_000));
    assert_eq!(sent, Sent::Acknowledged);
    assert!(check::counter(&server, "guard.connections_refused") >= CROWD - MOST);
    resources::peak_bytes(&server);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    TALLY.cycle();
}

/// Takes a server's file descriptors away, floods it, and gives them back.
pub(crate) fn descriptors(_: &Pace) {
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(&[]);
    fill(&server, &journal, 20);
    resources::limit(&server, Resource::Nofile, Some(64));
    // Fewer than the system's queue of a listener takes, so that each of them is connected at once.
    let open: Vec<_> = (0..120).map(|_| connect(&server)).collect();
    leave(open);
    let sent = until_taken(|| journal.send_number(&server.ui, 4_000_001));
    assert_eq!(sent, Sent::Acknowledged);
    resources::limit(&server, Resource::Nofile, None);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    server.kill();
    let server = home.start(&[]);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    TALLY.cycle();
}

/// Tries again until the server has noticed that the crowd is gone.
fn until_taken(mut send: impl FnMut() -> Sent) -> Sent {
    let begun = Instant::now();
    loop {
        match send() {
            Sent::Unanswered | Sent::Refused(503, _) if begun.elapsed() < PROMPT * 4 => std::thread::yield_now(),
            sent => return sent,
        }
    }
}

fn leave(open: Vec<TcpStream>) {
    for stream in &open {
        // One that the server has closed is closed.
        drop(stream.shutdown(Shutdown::Both));
    }
}

fn host(server: &Trackway) -> &str {
    server.ui.strip_prefix("http://").unwrap()
}
