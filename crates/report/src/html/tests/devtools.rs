//! A headless Chromium, spoken to over the DevTools protocol on this machine.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// Names under which Chromium and its kin are installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// How long the browser may take to start or to answer. Only a browser that hangs takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Browsers run one at a time, so that one is not timed while others start.
static ONE: Mutex<()> = Mutex::new(());

/// A running browser with one page. It ends with this value.
pub(super) struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    folder: TempDir,
    session: Option<String>,
    calls: u64,
    events: Vec<Value>,
    _only: MutexGuard<'static, ()>,
}

/// What a page said and asked for while it was opened.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Noise {
    /// Messages on the console, of whatever level, and exceptions.
    pub(super) console: Vec<String>,
    /// Addresses asked for, without that of the page itself.
    pub(super) requests: Vec<String>,
}

impl Browser {
    /// Starts the browser. Where there is none, the test is not run, and says so; but if
    /// `FLOWPROOF_CHROMIUM` is `required`, it fails.
    pub(super) fn start() -> Option<Browser> {
        let Some(program) = find() else {
            let required = env::var("FLOWPROOF_CHROMIUM").is_ok_and(|it| it == "required");
            assert!(!required, "FLOWPROOF_CHROMIUM=required, and none of {NAMES:?} is on the PATH");
            // Not by a macro, which the test runner would keep from being seen.
            let _ = writeln!(
                io::stderr(),
                "not run: no Chromium is on the PATH (FLOWPROOF_CHROMIUM=required makes this fail)"
            );
            return None;
        };
        let only = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(&program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args(["--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage"])
            // What the browser would ask for by itself finds no address.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (port, path) = address(&mut child, &folder.path().join("profile/DevToolsActivePort"));
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let url = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = tungstenite::client(url, stream).unwrap();
        let mut browser = Browser {
            child,
            socket,
            folder,
            session: None,
            calls: 0,
            events: Vec::new(),
            _only: only,
        };
        browser.attach();
        Some(browser)
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", target);
        self.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Calls a method and waits for its result. Events that come before are kept.
    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let message = self.receive();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn receive(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    fn wait_for(&mut self, event: &str) {
        while !self.events.iter().any(|it| it["method"] == event) {
            let message = self.receive();
            self.events.push(message);
        }
    }

    /// Opens a page from a file, and gives the time from the order to open it until it was drawn.
    pub(super) fn open(&mut self, name: &str, page: &str) -> Duration {
        let begun = self.load(name, page);
        let drawn =
            "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true))))";
        assert_eq!(self.evaluate(drawn), json!(true));
        begun.elapsed()
    }

    /// Opens a page from a file, and gives the time of the order to open it. `FLOWPROOF_PAGES` names a
    /// folder in which the pages are kept, to be looked at.
    pub(super) fn load(&mut self, name: &str, page: &str) -> Instant {
        let kept = env::var_os("FLOWPROOF_PAGES").map(PathBuf::from);
        let file = kept.as_deref().unwrap_or(self.folder.path()).join(name);
        fs::write(&file, page).unwrap();
        self.events.clear();
        let begun = Instant::now();
        self.call("Page.navigate", json!({"url": format!("file://{}", file.display())}));
        self.wait_for("Page.loadEventFired");
        begun
    }

    /// The value of an expression in the page, after its promise if it is one.
    pub(super) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// What was heard since the page was opened.
    pub(super) fn noise(&mut self) -> Noise {
        // A round trip, after which everything before it has been told.
        self.evaluate("1");
        let mut noise = Noise::default();
        for event in &self.events {
            let parameters = &event["params"];
            match event["method"].as_str().unwrap_or_default() {
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => {
                    noise.console.push(parameters.to_string());
                }
                "Log.entryAdded" => noise.console.push(parameters["entry"]["text"].to_string()),
                "Network.requestWillBeSent" if parameters["type"] != "Document" => {
                    noise.requests.push(parameters["request"]["url"].as_str().unwrap().to_owned());
                }
                _ => {}
            }
        }
        noise
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to close, the browser ends its helpers as well.
        let close = json!({"id": 0, "method": "Browser.close"});
        let _ = self.socket.send(Message::text(close.to_string()));
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(5) {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

/// Where the browser listens: it writes port and path into a file once it does.
fn address(child: &mut Child, file: &Path) -> (u16, String) {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Some((port, path)) = text.trim().split_once('\n') {
            return (port.parse().unwrap(), path.to_owned());
        }
        assert!(begun.elapsed() < PATIENCE, "the browser does not say where it listens");
        assert!(child.try_wait().unwrap().is_none(), "the browser ended at once");
        sleep(Duration::from_millis(20));
    }
}
