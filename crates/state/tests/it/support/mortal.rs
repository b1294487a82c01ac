//! A place that stops working at some operation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use flowproof_state::{Locked, Place, PlaceError, Put, Swap, Version};

/// What happens at which operation, the first being 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Never,
    /// This and all later ones fail without being done.
    DieBefore(usize),
    /// This is done, but fails, and all later ones fail without being done.
    DieAfter(usize),
    /// This is done, but fails.
    LoseAnswer(usize),
    /// This fails without being done.
    Fail(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Mortal<P> {
    inner: P,
    fault: Fault,
    operations: Arc<AtomicUsize>,
    swaps: Arc<Mutex<Vec<usize>>>,
}

impl<P> Mortal<P> {
    pub(crate) fn new(inner: P, fault: Fault) -> Mortal<P> {
        Mortal { inner, fault, operations: Arc::default(), swaps: Arc::default() }
    }

    /// How many there were.
    pub(crate) fn operations(&self) -> usize {
        self.operations.load(Ordering::SeqCst)
    }

    /// Which of them replaced the head.
    pub(crate) fn swaps(&self) -> Vec<usize> {
        self.swaps.lock().unwrap().clone()
    }

    fn begin(&self) -> Result<usize, PlaceError> {
        let number = self.operations.fetch_add(1, Ordering::SeqCst);
        let fails = match self.fault {
            Fault::DieBefore(at) => number >= at,
            Fault::DieAfter(at) => number > at,
            Fault::Fail(at) => number == at,
            Fault::Never | Fault::LoseAnswer(_) => false,
        };
        if fails { Err(PlaceError::new("mortal", "before")) } else { Ok(number) }
    }

    fn end(&self, number: usize) -> Result<(), PlaceError> {
        match self.fault {
            Fault::DieAfter(at) | Fault::LoseAnswer(at) if number == at => {
                Err(PlaceError::new("mortal", "after"))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl<P: Place> Place for Mortal<P> {
    fn locate(&self, name: &str) -> String {
        self.inner.locate(name)
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, PlaceError> {
        let number = self.begin()?;
        let answer = self.inner.get(name).await;
        self.end(number).and(answer)
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>) -> Result<Put, PlaceError> {
        let number = self.begin()?;
        let answer = self.inner.put_new(name, bytes).await;
        self.end(number).and(answer)
    }

    async fn head(&self) -> Result<Option<(Vec<u8>, Version)>, PlaceError> {
        let number = self.begin()?;
        let answer = self.inner.head().await;
        self.end(number).and(answer)
    }

    async fn swap_head(
        &self,
        bytes: Vec<u8>,
        expected: Option<&Version>,
    ) -> Result<Swap, PlaceError> {
        let number = self.begin()?;
        self.swaps.lock().unwrap().push(number);
        let answer = self.inner.swap_head(bytes, expected).await;
        self.end(number).and(answer)
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PlaceError> {
        let number = self.begin()?;
        let answer = self.inner.list(folder).await;
        self.end(number).and(answer)
    }

    async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let number = self.begin()?;
        let answer = self.inner.remove(name).await;
        self.end(number).and(answer)
    }

    async fn lock(&self) -> Result<Locked, PlaceError> {
        let number = self.begin()?;
        let answer = self.inner.lock().await;
        self.end(number).and(answer)
    }
}
