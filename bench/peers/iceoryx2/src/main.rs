//! iceoryx2, as bench/peers/program_pair.hpp asks for it: `peer MEETING left|right`.
//!
//! A publisher and a subscriber each way for each size. What is sent is copied into the loaned sample, and what is
//! received is copied out of it, as everybody does in this comparison.

use std::error::Error;
use std::hint::spin_loop;
use std::io::{stdin, BufRead};
use std::time::{Duration, Instant};

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::port::update_connections::UpdateConnections;
use iceoryx2::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SHARES: [f64; 7] = [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0];
const PIECE: u64 = 4096;
const CIRCLE: u64 = 256;
const WORDS_BETWEEN_MARKS: usize = 512;

/// Both ways for messages of so many words.
struct Ends<const WORDS: usize> {
    out: Publisher<ipc::Service, [u64; WORDS], ()>,
    incoming: Subscriber<ipc::Service, [u64; WORDS], ()>,
    message: Box<[u64; WORDS]>,
}

impl<const WORDS: usize> Ends<WORDS> {
    fn open(node: &Node<ipc::Service>, meeting: &str, left: bool) -> Result<Self> {
        let room = if WORDS == 8 { 1024 } else { 64 };
        let service = |direction: &str| -> Result<_> {
            Ok(node
                .service_builder(&format!("{meeting}/{WORDS}/{direction}").as_str().try_into()?)
                .publish_subscribe::<[u64; WORDS]>()
                .enable_safe_overflow(false)
                .subscriber_max_buffer_size(room)
                .max_publishers(1)
                .max_subscribers(1)
                .open_or_create()?)
        };
        let there = service(if left { "there" } else { "back" })?;
        let back = service(if left { "back" } else { "there" })?;
        let incoming = back.subscriber_builder().buffer_size(room).create()?;
        let out = there
            .publisher_builder()
            .backpressure_strategy(BackpressureStrategy::DiscardData)
            .create()?;
        // What is sent before the other side subscribes is lost.
        let connected = || {
            there.dynamic_config().number_of_subscribers() > 0 && back.dynamic_config().number_of_publishers() > 0
        };
        while !connected() {
            std::thread::sleep(Duration::from_millis(1));
        }
        out.update_connections()?;
        Ok(Self { out, incoming, message: Box::new([0; WORDS]) })
    }

    /// As message.hpp: 64 bytes are words that belong together, larger ones say their number in each page.
    fn mark(&mut self, number: u64) {
        self.message[0] = number;
        if WORDS == 8 {
            for word in 1..8 {
                self.message[word] = number % CIRCLE + word as u64;
            }
            return;
        }
        for at in (0..WORDS).step_by(WORDS_BETWEEN_MARKS) {
            self.message[at] = number;
        }
        self.message[WORDS - 1] = number;
    }

    fn is_good(&self, number: u64) -> bool {
        if WORDS == 8 {
            self.message[0] == number && self.message[1..8].iter().sum::<u64>() == 7 * (number % CIRCLE) + 28
        } else {
            self.message[WORDS - 1] == number
                && self.message.iter().step_by(WORDS_BETWEEN_MARKS).all(|mark| *mark == number)
        }
    }

    fn send(&mut self, number: u64) -> Result<()> {
        self.mark(number);
        // Who waits inside send() sleeps there, and longer than a message takes; so it is tried again here.
        loop {
            let mut sample = self.out.loan_uninit()?;
            // SAFETY: both are arrays of WORDS words, and all of them are written.
            let sample = unsafe {
                std::ptr::copy_nonoverlapping(&*self.message, sample.payload_mut().as_mut_ptr(), 1);
                sample.assume_init()
            };
            if sample.send()? == 1 {
                return Ok(());
            }
            spin_loop();
        }
    }

    fn receive(&mut self, number: u64) -> Result<()> {
        loop {
            if let Some(sample) = self.incoming.receive()? {
                self.message.copy_from_slice(&sample[..]);
                break;
            }
            spin_loop();
        }
        if self.is_good(number) {
            Ok(())
        } else {
            Err(format!("instead of message {number} came {}", self.message[0]).into())
        }
    }

    fn latency(&mut self, left: bool, messages: u64) -> Result<String> {
        let warm_up = messages / 10 + 1;
        if !left {
            for number in 0..warm_up + messages {
                self.receive(number)?;
                self.send(number)?;
            }
            return Ok("ok".into());
        }
        for number in 0..warm_up {
            self.send(number)?;
            self.receive(number)?;
        }
        let mut samples = vec![0.0; messages as usize];
        let start = Instant::now();
        let mut before = start;
        for (number, sample) in (warm_up..).zip(samples.iter_mut()) {
            self.send(number)?;
            self.receive(number)?;
            let now = Instant::now();
            *sample = (now - before).as_nanos() as f64 / 2.0;
            before = now;
        }
        let seconds = (before - start).as_secs_f64();
        samples.sort_by(f64::total_cmp);
        let last = (messages - 1) as f64;
        let told = SHARES.map(|share| {
            let known = share == 1.0 || last * (1.0 - share) >= 1.0;
            if known { samples[(last * share + 0.5) as usize] } else { 0.0 }.to_string()
        });
        Ok(format!("{} {seconds}", told.join(" ")))
    }

    fn stream(&mut self, left: bool, messages: u64) -> Result<String> {
        if left {
            for number in 0..messages {
                self.send(number)?;
            }
            return Ok("ok".into());
        }
        let mut stamps = Vec::with_capacity((messages / PIECE + 2) as usize);
        self.receive(0)?;
        let start = Instant::now();
        for number in 1..messages {
            self.receive(number)?;
            if number % PIECE == 0 {
                stamps.push(Instant::now());
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let whole_run = (messages - 1) as f64 / seconds;
        let mut times: Vec<_> = stamps.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        let paced = if times.len() < 3 { whole_run } else { PIECE as f64 / times[times.len() / 2] };
        Ok(format!("{paced} {whole_run} {seconds}"))
    }

    fn answer(&mut self, what: &str, left: bool, messages: u64) -> Result<String> {
        if what == "stream" {
            self.stream(left, messages)
        } else {
            self.latency(left, messages)
        }
    }
}

fn main() -> Result<()> {
    set_log_level(LogLevel::Error);
    let mut arguments = std::env::args().skip(1);
    let meeting = arguments.next().ok_or("peer MEETING left|right")?;
    let left = arguments.next().ok_or("peer MEETING left|right")? == "left";
    let node = NodeBuilder::new().signal_handling_mode(SignalHandlingMode::Disabled).create::<ipc::Service>()?;

    println!("ready");
    let mut of_64: Option<Ends<8>> = None;
    let mut of_1024: Option<Ends<128>> = None;
    let mut of_16384: Option<Ends<2048>> = None;
    let mut of_65536: Option<Ends<8192>> = None;
    for line in stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let what = words.next().ok_or("what?")?;
        let bytes = words.next().ok_or("how large?")?;
        let messages = words.next().ok_or("how many?")?.parse()?;
        // Opened when first asked for: the other side does the same then.
        macro_rules! answer_of {
            ($ends:ident) => {{
                if $ends.is_none() {
                    $ends = Some(Ends::open(&node, &meeting, left)?);
                }
                $ends.as_mut().unwrap().answer(what, left, messages)?
            }};
        }
        let answer = match bytes {
            "64" => answer_of!(of_64),
            "1024" => answer_of!(of_1024),
            "16384" => answer_of!(of_16384),
            "65536" => answer_of!(of_65536),
            _ => return Err(format!("no messages of {bytes} bytes").into()),
        };
        println!("{answer}");
    }
    Ok(())
}
