//! A state as its users see it: dying, rivals, damage, and any way of splitting the work.

mod crash;
mod damage;
mod open;
mod rivals;
mod size;
mod split;
mod support;
